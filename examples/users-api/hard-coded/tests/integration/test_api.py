"""The API at its own address: who gets in, and who does not.

Nothing here follows the environment but the region. The authorizer verifies tokens with the key set at Cognito's own
address, and requests go to the host of the API.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import requests

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def base(stack: Any) -> str:
    """The address of the API, as AWS forms it."""
    return f"https://{stack.outputs['Api']}.execute-api.{os.environ['AWS_REGION']}.amazonaws.com/Prod"


@pytest.fixture
def ask(base: str) -> Ask:
    """Send a request, with a token or without."""

    def send(method: str, path: str, user: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": user.id_token} if user else {}
        return requests.request(method, f"{base}{path}", headers=headers, timeout=30, **options)

    return send


@pytest.fixture
def sign_up(stack: Any, cognito_user: Any) -> Callable[..., Any]:
    """Make an account in the stack's user pool and sign it in."""
    outputs = stack.outputs

    def make(*groups: str) -> Any:
        return cognito_user(pool=outputs["UserPool"], client=outputs["UserPoolClient"], groups=list(groups))

    return make


def test_nobody_gets_in_without_a_valid_token(ask: Ask, sign_up: Callable[..., Any]) -> None:
    assert ask("GET", "/users").status_code == 401
    forged = type("Forged", (), {"id_token": f"{sign_up().id_token[:-4]}AAAA"})
    assert ask("GET", "/users", forged).status_code == 401


def test_only_administrators_list_users(ask: Ask, stack: Any, sign_up: Callable[..., Any]) -> None:
    assert ask("GET", "/users", sign_up()).status_code == 403
    answer = ask("GET", "/users", sign_up(stack.outputs["UserPoolAdminGroupName"]))
    assert (answer.status_code, isinstance(answer.json(), list)) == (200, True)


def test_a_user_keeps_their_own_data(ask: Ask, sign_up: Callable[..., Any]) -> None:
    user = sign_up()
    path = f"/users/{user.sub}"
    saved = ask("PUT", path, user, json={"name": "Ada"})
    assert (saved.status_code, saved.json()["name"]) == (200, "Ada")
    assert ask("GET", path, user).json() == saved.json()
    assert ask("GET", path, sign_up()).status_code == 403
    assert ask("DELETE", path, user).status_code == 200


def test_the_key_set_is_where_aws_serves_it(stack: Any) -> None:
    host = f"https://cognito-idp.{os.environ['AWS_REGION']}.amazonaws.com"
    answer = requests.get(f"{host}/{stack.outputs['UserPool']}/.well-known/jwks.json", timeout=30)
    assert answer.status_code == 200
    assert {key["alg"] for key in answer.json()["keys"]} == {"RS256"}
