"""What `sign` makes is what botocore makes of the same request, and verifies with our own `verify`."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, quote

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.http import Request
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import presented
from sandgate.wire.signing.sign import hoisted_headers, sign, strip_query_auth
from sandgate.wire.signing.verify import EMPTY_SHA256, verify

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
HOST = "dynamodb.eu-west-1.amazonaws.com"
SIGNED = {"host", "content-type", "content-md5"}
REAL = Credential("AKIAREALKEY", "real/secret+canary")
REAL_SESSION = Credential("ASIAREALKEY", "real/secret+canary", "real/token==")


def with_botocore(
    target: str, headers: list[tuple[str, str]], credential: Credential, service: str, payload: str
) -> str:
    """The signature that botocore computes over the same headers at the same time."""
    base = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = base(Credentials(credential.access_key_id, credential.secret_access_key), service, "eu-west-1")
    request = AWSRequest("PUT", f"https://{HOST}{target}")
    for name, value in headers:
        if name.lower() in SIGNED or name.lower().startswith("x-amz-"):
            request.headers[name] = value
    request.context["timestamp"] = f"{NOW:%Y%m%dT%H%M%SZ}"
    with patch.object(signer, "payload", return_value=payload):
        text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


@pytest.mark.parametrize("credential", [REAL, REAL_SESSION])
@pytest.mark.parametrize("service", ["s3", "dynamodb"])
@pytest.mark.parametrize(
    "target", ["/", "/b/k%20%C3%BC?a=1&b=%2F", "/b//k/../l?uploads=", "/a%3Ab/c~d?x-y=1&x=2&x=1&x"]
)
@pytest.mark.parametrize("payload", [EMPTY_SHA256, "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_same_as_botocore(credential: Credential, service: str, target: str, payload: str) -> None:
    path, _, query = target.partition("?")
    headers = [
        ("Host", HOST),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", "DynamoDB_20120810.GetItem"),
        ("x-amz-meta-a", "two  spaces"),
        ("User-Agent", "Boto3"),
        ("Accept-Encoding", "identity"),
    ]
    made = sign("PUT", path, query, headers, credential, region="eu-west-1", service=service, payload=payload, now=NOW)
    authorization = dict(made)["authorization"]
    assert authorization.partition("Signature=")[2] == with_botocore(target, made, credential, service, payload)


def test_old_signature_goes_and_nothing_else() -> None:
    headers = [
        ("Host", HOST),
        ("Authorization", "AWS4-HMAC-SHA256 old"),
        ("X-Amz-Date", "old"),
        ("X-Amz-Security-Token", "old"),
        ("X-Amz-Content-SHA256", EMPTY_SHA256),
        ("Accept", "*/*"),
        ("Accept", "text/plain"),
    ]
    made = sign("GET", "/", "", headers, REAL, region="eu-west-1", service="sts", payload=EMPTY_SHA256, now=NOW)
    assert made[:3] == [("Host", HOST), ("Accept", "*/*"), ("Accept", "text/plain")]
    assert [name for name, _ in made[3:]] == ["x-amz-date", "x-amz-content-sha256", "authorization"]
    assert "old" not in repr(made)
    assert "canary" not in repr(made)


def test_s3_express_token_keeps_its_header() -> None:
    made = sign(
        "GET",
        "/k",
        "",
        [("Host", HOST)],
        REAL_SESSION,
        region="eu-west-1",
        service="s3express",
        payload=EMPTY_SHA256,
        now=NOW,
        token_name="x-amz-s3session-token",
    )
    assert dict(made)["x-amz-s3session-token"] == REAL_SESSION.session_token
    assert "x-amz-security-token" not in dict(made)


@given(
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=20),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=30),
    service=st.sampled_from(["s3", "lambda"]),
    body=st.binary(max_size=20),
)
def test_our_verify_accepts_our_sign(path: str, query: str, service: str, body: bytes) -> None:
    digest = hashlib.sha256(body).hexdigest()
    query = strip_query_auth(query)
    made = sign(
        "PUT",
        f"/{path}",
        query,
        [("Host", HOST), ("X-Amz-Meta-A", "b")],
        REAL_SESSION,
        region="eu-west-1",
        service=service,
        payload=digest,
        now=NOW,
    )
    request = Request.of("PUT", f"/{path}?{query}", made)
    claim = presented(request)
    assert claim is not None
    verify(claim, request, REAL_SESSION, payload_sha256=digest, now=NOW)


@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth, HmacV1QueryAuth])
@pytest.mark.parametrize("query", ["", "a=1", "b=%2F&a&&c=", "response-content-type=text%2Fplain"])
def test_strip_restores_the_query(signed: Any, session_credential: Credential, signer: type[Any], query: str) -> None:
    request: Request = signed(signer, "GET", f"/b/k?{query}", using=session_credential)
    expected = sorted(parse_qsl(query, keep_blank_values=True))
    stripped = strip_query_auth(request.query)
    assert sorted(parse_qsl(stripped, keep_blank_values=True)) == expected
    assert session_credential.access_key_id not in stripped


def test_strip_leaves_other_bytes_alone() -> None:
    assert (
        strip_query_auth("z=%2f&&X-Amz-Date=1&a=+&%58-Amz-Signature=2&x-amz-acl=private&")
        == "z=%2f&&a=+&x-amz-acl=private&"
    )


def test_hoisted_headers() -> None:
    query = (
        "X-Amz-Date=1&x-amz-acl=public-read&x-amz-meta-n=%C3%BC+a&x-id=PutObject&content-type=text%2Fplain"
        "&x-amz-security-token=t"
    )
    assert hoisted_headers(query) == [
        ("x-amz-acl", "public-read"),
        ("x-amz-meta-n", "ü a"),
        ("content-type", "text/plain"),
    ]
    assert hoisted_headers("") == []
    assert quote("ü") in query
