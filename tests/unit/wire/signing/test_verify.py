"""Everything botocore signs verifies; nothing else does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import presented
from sandgate.wire.signing.verify import EMPTY_SHA256, PayloadHash, verify

PATHS = [
    "/",
    "/bucket/key",
    "/bucket//key",
    "/bucket/a/../b",
    "/bucket/./a",
    "/bucket/a%2Fb",
    "/bucket/a%20b",
    "/bucket/%C3%BC%E2%82%AC",
    "/bucket/a~b-c_d.e",
    "/bucket/a%2Bb",
    "/bucket/a+b",
    "/bucket/a%25b",
    "/bucket/a%3Db%26c",
    "/bucket/a:b@c,d;e!f'(g)*",
    "/bucket/trailing/",
    "//",
    "/bucket/%e2%82%ac",
    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Atest-f/invocations",
]
QUERIES = [
    "",
    "a=1",
    "b=2&a=1",
    "a=2&a=1",
    "a=&b",
    "uploads",
    "a=1&a-b=2&a.c=3&aa=4",
    "prefix=a%2Fb&delimiter=%2F",
    "k=%C3%BC",
    "k=a%20b",
    "k=a%2Bb",
    "k=a+b",
    "k=~-._",
    "k=a%7Eb",
    "k=%e2%82%ac",
    "k=a=b",
    "X=1&x=2",
]
HEADERS = [
    {},
    {"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0"},
    {"X-Amz-Meta-A": "two  spaces   three", "X-Amz-Meta-B": ""},
    {"X-Amz-Meta-Tab": "a\tb", "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="},
    {"Amz-Sdk-Request": "attempt=1", "X-Amz-Meta-Quoted": '"a  b"'},
]


def check(request: Request, credential: Credential, *, body: bytes = b"", now: datetime | None = None) -> None:
    claim = presented(request)
    assert claim is not None
    assert claim.access_key_id == credential.access_key_id
    verify(claim, request, credential, payload_sha256=hashlib.sha256(body).hexdigest(), now=now or datetime.now(UTC))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("signer", [SigV4Auth, S3SigV4Auth, SigV4QueryAuth, S3SigV4QueryAuth])
def test_paths(signed: Any, credential: Credential, signer: type[SigV4Auth], path: str) -> None:
    service = "s3" if signer.__name__.startswith("S3") else "lambda"
    check(signed(signer, "GET", path, service=service), credential)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("signer", [SigV4Auth, S3SigV4Auth])
def test_queries(signed: Any, credential: Credential, signer: type[SigV4Auth], query: str) -> None:
    service = "s3" if signer is S3SigV4Auth else "lambda"
    check(signed(signer, "GET", f"/b/k?{query}", service=service), credential)


@pytest.mark.parametrize("query", ["", "a=1", "versionId=x%2Fy&partNumber=1", "uploads=", "response-expires=a%20b"])
@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth, HmacV1QueryAuth])
def test_presigned_queries(signed: Any, credential: Credential, signer: type[Any], query: str) -> None:
    check(signed(signer, "GET", f"/b/k?{query}"), credential)


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("signer", [SigV4Auth, S3SigV4Auth, HmacV1Auth])
@pytest.mark.parametrize("body", [b"", b"\x00\xff body"])
def test_headers(signed: Any, credential: Credential, signer: type[Any], headers: dict[str, str], body: bytes) -> None:
    check(signed(signer, "PUT", "/b/k", headers, body), credential, body=body)


@pytest.mark.parametrize(
    "signer", [SigV4Auth, S3SigV4Auth, SigV4QueryAuth, S3SigV4QueryAuth, HmacV1Auth, HmacV1QueryAuth]
)
def test_session_token(signed: Any, credential: Credential, session_credential: Credential, signer: type[Any]) -> None:
    headers = (
        {"x-amz-security-token": session_credential.session_token} if signer in {HmacV1Auth, HmacV1QueryAuth} else {}
    )
    request = signed(signer, "GET", "/b/k", headers, using=session_credential)
    check(request, session_credential)
    with pytest.raises(WireError):
        check(request, replace(session_credential, session_token="other"))
    without = replace(session_credential, session_token="")
    with pytest.raises(WireError):
        check(request, without)


def test_repeated_header_values_join(signed: Any, credential: Credential) -> None:
    request = signed(SigV4Auth, headers={"X-Amz-Meta-A": "1,2"})
    split = [
        pair
        for name, value in request.headers
        for pair in ([(name, "1"), (name, "2")] if name == "x-amz-meta-a" else [(name, value)])
    ]
    check(Request.of("POST", "/", split), credential)


def test_unsigned_payload_and_trailer_declarations(signed: Any, credential: Credential) -> None:
    request = signed(SigV4Auth, context={"payload_signing_enabled": False}, body=b"x")
    claim = presented(request)
    assert claim is not None
    assert claim.payload == "UNSIGNED-PAYLOAD"
    verify(claim, request, credential, payload_sha256=None, now=datetime.now(UTC))


def test_date_header_instead_of_x_amz_date(signed: Any, credential: Credential) -> None:
    request = signed(SigV4Auth, headers={"Date": "any"})
    assert "x-amz-date" not in request.fields
    check(request, credential)


def test_header_date_is_not_compared_with_the_clock(signed: Any, credential: Credential) -> None:
    check(signed(SigV4Auth), credential, now=datetime.now(UTC) + timedelta(days=4000))


@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth, HmacV1QueryAuth])
def test_presigned_expiry_is(signed: Any, credential: Credential, signer: type[Any]) -> None:
    request = signed(signer, "GET", "/b/k", expires=60)
    check(request, credential, now=datetime.now(UTC) + timedelta(seconds=58))
    with pytest.raises(WireError) as caught:
        check(request, credential, now=datetime.now(UTC) + timedelta(seconds=62))
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    assert caught.value.message == "Request has expired"


def flips(text: str) -> Iterator[str]:
    for index, char in enumerate(text):
        for bit in range(7):
            other = chr(ord(char) ^ (1 << bit))
            if other.isprintable():
                yield text[:index] + other + text[index + 1 :]


def refused(request: Request, credential: Credential, body: bytes) -> bool:
    """Unsigned counts: the gate lets no unsigned call of a signed operation pass."""
    try:
        claim = presented(request)
        if claim is None or claim.access_key_id != credential.access_key_id:
            return True
        verify(claim, request, credential, payload_sha256=hashlib.sha256(body).hexdigest(), now=datetime.now(UTC))
    except WireError:
        return True
    return False


BIT_SIGNERS = [SigV4Auth, S3SigV4Auth, SigV4QueryAuth, S3SigV4QueryAuth, HmacV1Auth, HmacV1QueryAuth]


def protected(request: Request) -> set[str]:
    """Names of the headers that the signature covers."""
    claim = presented(request)
    assert claim is not None
    if claim.scheme.startswith("v4"):
        return {*claim.signed_headers, "authorization"}
    names = {name for name in request.fields if name.startswith("x-amz-")} | {"authorization"}
    return names | ({"date"} if claim.scheme == "v2-header" else set())


@pytest.mark.parametrize("signer", BIT_SIGNERS)
def test_every_bit_of_the_target_counts(signed: Any, credential: Credential, signer: type[Any]) -> None:
    body = b"" if signer in {SigV4QueryAuth, S3SigV4QueryAuth} else b"payload"
    request: Request = signed(signer, "PUT", "/b/k-1?uploads=1&versionId=2", None, body)
    assert not refused(request, credential, body)
    for method in flips(request.method):
        assert refused(Request.of(method, request.target, request.headers), credential, body), method
    for path in flips(request.path):
        if path.startswith("/"):
            changed = Request.of(request.method, f"{path}?{request.query}", request.headers)
            assert refused(changed, credential, body), path
    before = sorted(parse_qsl(request.query, keep_blank_values=True))
    for query in flips(request.query):
        if sorted(parse_qsl(query, keep_blank_values=True)) != before:  # else %2f for %2F: the same request
            changed = Request.of(request.method, f"{request.path}?{query}", request.headers)
            assert refused(changed, credential, body), query


@pytest.mark.parametrize("signer", BIT_SIGNERS)
def test_every_bit_of_signed_headers_counts(signed: Any, credential: Credential, signer: type[Any]) -> None:
    body = b"" if signer in {SigV4QueryAuth, S3SigV4QueryAuth} else b"payload"
    request: Request = signed(signer, "PUT", "/b/k-1", {"x-amz-meta-a": "v  w"}, body)
    names = protected(request)
    assert len(names) > 1
    for index, (name, value) in enumerate(request.headers):
        for other in flips(value) if name in names else ():
            headers = [*request.headers]
            headers[index] = (name, other)
            assert refused(Request.of("PUT", request.target, headers), credential, body), (name, other)


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
def test_every_bit_of_the_body_counts(signed: Any, credential: Credential, signer: type[Any]) -> None:
    body = b"" if signer in {SigV4QueryAuth, S3SigV4QueryAuth} else b"payload"
    request: Request = signed(signer, "POST", "/", None, body)
    assert not refused(request, credential, body)
    assert refused(request, credential, body + b"x")
    if body:
        assert refused(request, credential, b"qayload")


def test_every_bit_of_the_secret_counts(signed: Any, credential: Credential) -> None:
    request: Request = signed(SigV4Auth)
    for secret in flips(credential.secret_access_key):
        assert refused(request, Credential(credential.access_key_id, secret), b"")


@given(
    path=st.text(max_size=30),
    pairs=st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5),
    meta=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    body=st.binary(max_size=40),
    s3=st.booleans(),
)
def test_whatever_sdks_encode_verifies(
    path: str, pairs: list[tuple[str, str]], meta: str, body: bytes, *, s3: bool
) -> None:
    credential = Credential("AKIDRUNKEY000001", "run/secret+canary")
    keys = Credentials(credential.access_key_id, credential.secret_access_key)
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    target = f"/{quote(path, safe='/~')}" + (f"?{query}" if query else "")
    sent = AWSRequest("PUT", f"http://127.0.0.1:4566{target}", {"x-amz-meta-a": meta}, body)
    signer = S3SigV4Auth(keys, "s3", "eu-west-1") if s3 else SigV4Auth(keys, "lambda", "eu-west-1")
    signer.add_auth(sent)
    headers = [("host", "127.0.0.1:4566"), *sent.headers.items()]
    check(Request.of("PUT", target, headers), credential, body=body)


def test_unsigned_amz_headers_are_refused(signed: Any, credential: Credential) -> None:
    for signer, code in ((SigV4Auth, "InvalidSignatureException"), (S3SigV4Auth, "AccessDenied")):
        request: Request = signed(signer, "PUT", "/b/k")
        more = Request.of("PUT", request.target, [*request.headers, ("x-amz-acl", "public-read")])
        with pytest.raises(WireError, match="x-amz-acl") as caught:
            check(more, credential)
        assert (caught.value.code, caught.value.status) == (code, 403)


def test_an_unsigned_hash_header_passes_since_its_value_is_signed(signed: Any, credential: Credential) -> None:
    request: Request = signed(SigV4Auth)
    check(Request.of("POST", "/", [*request.headers, ("x-amz-content-sha256", EMPTY_SHA256)]), credential)
    other = Request.of("POST", "/", [*request.headers, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")])
    with pytest.raises(WireError):
        check(other, credential)


def test_v2_virtual_host_style(credential: Credential) -> None:
    keys = Credentials(credential.access_key_id, credential.secret_access_key)
    sent = AWSRequest("GET", "http://bucket.s3.amazonaws.com/k", auth_path="/bucket/k")
    HmacV1QueryAuth(keys).add_auth(sent)
    target = str(sent.url).removeprefix("http://bucket.s3.amazonaws.com")
    check(Request.of("GET", target, [("host", "bucket.s3.amazonaws.com")]), credential)


def test_v2_query_and_header_of_one_name_must_agree(signed: Any, credential: Credential) -> None:
    request: Request = signed(HmacV1QueryAuth, "PUT", "/b/k", {"x-amz-meta-a": "v"})
    check(request, credential)
    in_query_only = Request.of("PUT", request.target, [("host", request.host)])
    check(in_query_only, credential)
    query = request.query.replace("x-amz-meta-a=v", "x-amz-meta-a=w")
    assert refused(Request.of("PUT", f"{request.path}?{query}", request.headers), credential, b"")


def test_payload_hash() -> None:
    body = PayloadHash(hashlib.sha256(b"ab").hexdigest())
    body.feed(b"a")
    with pytest.raises(WireError) as caught:
        body.check()
    assert (caught.value.code, caught.value.status) == ("XAmzContentSHA256Mismatch", 400)
    body.feed(b"b")
    body.check()


def test_signing_keys_are_bounded(credential: Credential) -> None:
    for day in range(1000):
        credential.signing_key(f"{day:08}", "eu-west-1", "s3")
    assert len(credential._keys) <= 64
    assert credential.signing_key("20260101", "a", "b") == credential.signing_key("20260101", "a", "b")


def test_no_secret_is_printed(session_credential: Credential) -> None:
    session_credential.signing_key("20260101", "eu-west-1", "s3")
    assert "canary" not in repr(session_credential)
    assert "token" not in repr(session_credential).replace("session_token", "")
