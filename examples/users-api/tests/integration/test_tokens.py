"""What the authorizer accepts as proof.

Plain `requests`, since these are not tokens that the `api` client would send.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

Get = Callable[[str], int]


def part(fields: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()


def fields_of(part_: str) -> dict[str, object]:
    return dict(json.loads(base64.urlsafe_b64decode(part_ + "=" * (-len(part_) % 4))))


@pytest.fixture
def get_own(stack: Any, own_data: dict[str, object]) -> Get:
    """Read the regular user's own data with some Authorization header."""
    url = f"{stack.outputs['APIEndpoint']}/users/{own_data['userid']}"
    return lambda authorization: requests.get(url, headers={"Authorization": authorization}, timeout=30).status_code


def test_an_id_token_is_accepted_with_and_without_its_scheme(get_own: Get, regular: Any) -> None:
    assert get_own(regular.id_token) == 200
    assert get_own(f"Bearer {regular.id_token}") == 200


def test_an_access_token_is_refused(get_own: Get, regular: Any) -> None:
    assert get_own(regular.access_token) == 401
    assert get_own(regular.id_token) == 200


def test_a_changed_claim_is_refused(stack: Any, get_own: Get, regular: Any) -> None:
    header, claims, signature = regular.id_token.split(".")
    promoted = part(fields_of(claims) | {"cognito:groups": [stack.outputs["UserPoolAdminGroupName"]]})

    assert get_own(f"{header}.{promoted}.{signature}") == 401
    assert get_own(f"{header}.{claims}.{signature}") == 200


def test_an_unsigned_token_is_refused(get_own: Get, regular: Any) -> None:
    header, claims, _ = regular.id_token.split(".")

    assert get_own(f"{part(fields_of(header) | {'alg': 'none'})}.{claims}.") == 401
    assert get_own(regular.id_token) == 200


def test_what_is_no_token_is_refused(get_own: Get, regular: Any) -> None:
    assert get_own("let-me-in") == 401
    assert get_own(regular.id_token) == 200
