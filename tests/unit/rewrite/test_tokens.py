"""Tokens of registries in answers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from sandgate.rewrite.document import RewriteError
from sandgate.rewrite.rewriter import Rewriter
from sandgate.rewrite.tokens import GivenToken, swap_tokens, token_operations

JSON = "application/x-amz-json-1.1"
REAL = base64.b64encode(b"AWS:canary").decode()
ENDPOINT = "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com"
GRANTED = {"authorizationToken": REAL, "expiresAt": 1769860800.5, "proxyEndpoint": ENDPOINT}
ANSWER = json.dumps({"authorizationData": [GRANTED, {**GRANTED, "proxyEndpoint": ENDPOINT.replace("1111", "2222")}]})


def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def test_the_data_file_lists_what_registries_give() -> None:
    found = {
        (service, operation)
        for service in ("ecr", "ecr-public")
        for operation in model(service).operation_names
        if "authorizationToken" in str(shapes(model(service).operation_model(operation).output_shape))
    }
    assert found == token_operations()


def shapes(shape: Any) -> list[str]:
    """Names of all members, at whatever depth."""
    if shape.type_name == "list":
        return shapes(shape.member)
    if shape.type_name != "structure":
        return []
    return [name for member, inner in shape.members.items() for name in (member, *shapes(inner))]


def test_each_token_is_kept_with_its_registry_and_end() -> None:
    kept: list[GivenToken] = []

    def mint(given: GivenToken) -> str:
        kept.append(given)
        return f"surrogate {len(kept)}"

    body = json.loads(swap_tokens("ecr", "GetAuthorizationToken", JSON, ANSWER.encode(), mint))
    assert [one["authorizationToken"] for one in body["authorizationData"]] == ["surrogate 1", "surrogate 2"]
    assert [(one.real, one.endpoint[8:12]) for one in kept] == [(REAL, "1111"), (REAL, "2222")]
    assert kept[0].expires == datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)
    assert REAL not in repr(kept)


def test_the_public_registry_s_is_swapped_too() -> None:
    body = json.dumps({"authorizationData": {"authorizationToken": REAL, "expiresAt": 1}}).encode()
    assert REAL.encode() not in swap_tokens("ecr-public", "GetAuthorizationToken", JSON, body, lambda _given: "s")


@pytest.mark.parametrize("body", [ANSWER.encode(), b"{", b'{"authorizationData": [{"authorizationToken": 1'])
def test_what_cannot_be_kept_is_not_passed_on(body: bytes) -> None:
    rewriter = Rewriter("http://127.0.0.1:4566", _Nobody())
    with pytest.raises(RewriteError):
        rewriter.response("ecr", "GetAuthorizationToken", [("content-type", JSON)], body)


def test_an_error_passes_as_it_came() -> None:
    body = b'{"__type":"ServerException","message":"m"}'
    assert swap_tokens("ecr", "GetAuthorizationToken", JSON, body, None) == body


class _Nobody:
    def mint(self, *_: object) -> Any:
        raise AssertionError

    def real_id(self, _access_key_id: str) -> None:
        return None

    def surrogate_id(self, _access_key_id: str) -> None:
        return None
