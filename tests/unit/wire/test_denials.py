"""Error codes of answers, wherever a protocol puts them, and which of them mean that a permission is missing."""

from __future__ import annotations

import json

import cbor2
import pytest

from sandgate.wire.denials import error_code, is_denial

CODE = "AccessDeniedException"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((("x-amzn-errortype", f"{CODE}:http://internal.amazon.com/coral/"),), b""),
        ((("x-amzn-errortype", f"aws.protocols#{CODE}"),), b"{}"),
        ((), json.dumps({"__type": f"com.amazon.coral.service#{CODE}", "Message": "no"}).encode()),
        ((), json.dumps({"message": "no", "__type": CODE}).encode()),
        ((), f"<ErrorResponse><Error><Type>Sender</Type><Code>{CODE}</Code></Error></ErrorResponse>".encode()),
        ((), f"<Response><Errors><Error><Code> {CODE} </Code></Error></Errors></Response>".encode()),
        ((), cbor2.dumps({"__type": CODE, "message": "no"})),
        ((), cbor2.dumps({"message": "no", "__type": f"com.amazonaws.cloudwatch#{CODE}"})),
    ],
)
def test_the_code_is_found(headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    assert error_code(403, (("content-type", "x"), *headers), body) == CODE


@pytest.mark.parametrize("body", [b"", b"not allowed", b"\x66__type", b"\x66__type\x60", b"\x66__type\x79\x00"])
def test_without_a_code_it_is_the_status(body: bytes) -> None:
    assert error_code(403, (), body) == "403"


def test_success_has_no_code() -> None:
    assert error_code(200, (), b"<Code>AccessDenied</Code>") == ""


@pytest.mark.parametrize(
    ("status", "code", "denied"),
    [
        (403, "AccessDenied", True),
        (400, "AccessDeniedException", True),
        (403, "AuthorizationError", True),
        (403, "UnauthorizedOperation", True),
        (403, "403", True),
        (403, "SignatureDoesNotMatch", False),
        (403, "ExpiredToken", False),
        (400, "NotAuthorizedException", False),
        (404, "404", False),
    ],
)
def test_only_a_missing_permission_is_a_denial(status: int, code: str, *, denied: bool) -> None:
    assert is_denial(status, code) is denied
