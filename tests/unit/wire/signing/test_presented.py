"""The grammar of claimed signatures: what is read, and what is refused with which code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth

from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.presented import presented


def test_header(signed: Any) -> None:
    request = signed(SigV4Auth, headers={"X-Amz-Target": "T.Op"})
    claim = presented(request)
    assert claim is not None
    assert (claim.scheme, claim.access_key_id, claim.region) == ("v4-header", "AKIDRUNKEY000001", "eu-west-1")
    assert (claim.service, claim.signed_headers) == ("dynamodb", ("host", "x-amz-date", "x-amz-target"))
    assert (claim.payload, claim.token, claim.expires) == ("", "", 0)
    assert claim.scope == f"{claim.date[:8]}/eu-west-1/dynamodb/aws4_request"
    assert claim.signature not in repr(claim)


def test_query(signed: Any, session_credential: Credential) -> None:
    claim = presented(signed(S3SigV4QueryAuth, "GET", "/b/k", using=session_credential, expires=77))
    assert claim is not None
    assert (claim.scheme, claim.service, claim.expires, claim.payload) == ("v4-query", "s3", 77, "UNSIGNED-PAYLOAD")
    assert claim.token == session_credential.session_token
    assert "token==" not in repr(claim)
    other = presented(signed(SigV4QueryAuth, "GET", "/", service="sts"))
    assert other is not None
    assert (other.service, other.payload) == ("sts", "")


def test_v2(signed: Any) -> None:
    by_query = presented(signed(HmacV1QueryAuth, "GET", "/b/k"))
    assert by_query is not None
    assert (by_query.scheme, by_query.service) == ("v2-query", "s3")
    assert by_query.expires > 10**9
    by_header = presented(signed(HmacV1Auth, "GET", "/b/k"))
    assert by_header is not None
    assert by_header.scheme == "v2-header"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Bearer aws")],
        [("Authorization", "eyJraWQiOiJ4In0.e30.c2ln")],
        [("Authorization", "Basic QVdTOng=")],
        [("Authorization", "awsome-token")],
    ],
)
def test_not_an_aws_signature(headers: list[tuple[str, str]]) -> None:
    assert presented(Request.of("GET", "/x?Expires=1&Expires=2&Signature=s", [("host", "h"), *headers])) is None


def test_elements_in_any_order(signed: Any) -> None:
    request = signed(SigV4Auth)
    algorithm, _, rest = request.fields["authorization"].partition(" ")
    swapped = f"{algorithm} " + ",".join(reversed(rest.split(", ")))
    claim = presented(replaced(request, swapped))
    assert claim == presented(request)


def replaced(request: Request, authorization: str) -> Request:
    headers = [pair for pair in request.headers if pair[0] != "authorization"]
    return Request.of(request.method, request.target, [*headers, ("authorization", authorization)])


def drop(name: str) -> Callable[[str], str]:
    return lambda text: ", ".join(
        piece for piece in text.replace("SHA256 ", "SHA256, ").split(", ") if not piece.startswith(f"{name}=")
    ).replace("SHA256, ", "SHA256 ")


HEADER_CHANGES: list[tuple[Callable[[str], str], str]] = [
    (drop("Credential"), "requires 'Credential'"),
    (drop("SignedHeaders"), "requires 'SignedHeaders'"),
    (drop("Signature"), "requires 'Signature'"),
    (lambda text: text.replace("/aws4_request", ""), "Credential is malformed"),
    (lambda text: text.replace("/aws4_request", "/aws5_request"), "Credential is malformed"),
    (lambda text: text.replace("eu-west-1/", ""), "Credential is malformed"),
    (lambda text: text.replace("Signature=", "Signature=x"), "Signature is malformed"),
    (lambda text: text.replace("=host;", "="), "'Host' must be"),
    (lambda text: text.replace("=host;x-amz-date", "=x-amz-date;host"), "sorted"),
    (lambda text: text.replace("=host;", "=host;host;"), "sorted"),
    (lambda text: text.replace("=host;", "=Host;host;"), "sorted"),
    (lambda text: text.replace("=host;", "=;host;"), "sorted"),
    (lambda text: text + ", Extra=1", "unknown or repeated"),
    (lambda text: text + ", " + text.rpartition(", ")[2], "unknown or repeated"),
    (lambda text: text.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "not supported"),
    (lambda text: text.replace("AWS4-HMAC-SHA256", "AWS3-HTTPS"), "not supported"),
    (lambda text: text.upper().lower(), "not supported"),
]


@pytest.mark.parametrize(("change", "text"), HEADER_CHANGES)
@pytest.mark.parametrize(
    ("signer", "headers", "code"),
    [
        (SigV4Auth, {"x-amz-target": "T.Op"}, "IncompleteSignatureException"),
        (SigV4Auth, {"content-type": "application/x-www-form-urlencoded"}, "IncompleteSignature"),
        (S3SigV4Auth, {}, "AuthorizationHeaderMalformed"),
    ],
)
def test_malformed_headers(
    signed: Any, *, signer: type[Any], headers: dict[str, str], code: str, change: Callable[[str], str], text: str
) -> None:
    request = signed(signer, "POST", "/", {"content-encoding": "x", **headers})
    plain = request.fields["authorization"].replace("content-encoding;", "").replace("content-type;", "")
    plain = plain.replace("x-amz-content-sha256;", "")
    presented(replaced(request, plain))
    with pytest.raises(WireError, match=text) as caught:
        presented(replaced(request, change(plain)))
    assert (caught.value.code, caught.value.status) == (code, 400)


@pytest.mark.parametrize("date", ["", "20260131", "2026-01-31T12:00:00Z", "Sat, 31 Foo 2026 12:00:00 GMT"])
def test_dates(signed: Any, date: str) -> None:
    request = signed(SigV4Auth)
    for name in ("x-amz-date", "date"):
        headers = [pair for pair in request.headers if pair[0] != "x-amz-date"] + ([(name, date)] if date else [])
        with pytest.raises(WireError, match="X-Amz-Date"):
            presented(Request.of("POST", "/", headers))


def test_date_of_another_day(signed: Any) -> None:
    request = signed(SigV4Auth)
    headers = [(name, "20200101T000000Z" if name == "x-amz-date" else value) for name, value in request.headers]
    with pytest.raises(WireError, match="InvalidSignatureException"):
        presented(Request.of("POST", "/", headers))


def test_iso_date_in_the_date_header(signed: Any) -> None:
    request = signed(SigV4Auth)
    headers = [("date" if name == "x-amz-date" else name, value) for name, value in request.headers]
    claim = presented(Request.of("POST", "/", headers))
    assert claim is not None
    assert claim.date == request.fields["x-amz-date"]


@pytest.mark.parametrize("name", ["authorization", "x-amz-date", "host", "x-amz-security-token", "x-amz-target"])
def test_repeated_headers(signed: Any, name: str) -> None:
    request = signed(SigV4Auth, headers={"x-amz-target": "T.Op", "x-amz-security-token": "t"})
    with pytest.raises(WireError, match=f"{name} may occur only once"):
        presented(Request.of("POST", "/", [*request.headers, (name.title(), request.fields[name])]))


def test_other_headers_may_repeat(signed: Any) -> None:
    request = signed(SigV4Auth)
    assert presented(Request.of("POST", "/", [*request.headers, ("accept", "a"), ("accept", "b")])) is not None


@pytest.mark.parametrize("signer", [SigV4QueryAuth, S3SigV4QueryAuth, HmacV1QueryAuth])
def test_repeated_parameters(signed: Any, signer: type[Any]) -> None:
    request = signed(signer, "GET", "/b/k")
    for piece in request.query.split("&"):
        for name in (piece, piece.replace("X-", "%58-", 1), piece.replace("A", "%41", 1)):
            with pytest.raises(WireError, match="may occur only once"):
                presented(Request.of("GET", f"{request.target}&{name}", request.headers))


@pytest.mark.parametrize("signer", [S3SigV4QueryAuth, SigV4QueryAuth])
@pytest.mark.parametrize(
    "name", ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"]
)
def test_missing_parameters(signed: Any, signer: type[Any], name: str) -> None:
    request = signed(signer, "GET", "/b/k")
    query = "&".join(piece for piece in request.query.split("&") if not piece.startswith(f"{name}="))
    with pytest.raises(WireError, match=name) as caught:
        presented(Request.of("GET", f"/b/k?{query}", request.headers))
    assert caught.value.code in {"AuthorizationQueryParametersError", "IncompleteSignatureException"}


@pytest.mark.parametrize("expires", ["0", "604801", "-1", "1.5", "", "99999999999999999999", "\u0661", "x"])
def test_lifetimes(signed: Any, expires: str) -> None:
    request = signed(S3SigV4QueryAuth, "GET", "/b/k", expires=3600)
    changed = request.target.replace("X-Amz-Expires=3600", f"X-Amz-Expires={expires}")
    with pytest.raises(WireError, match="X-Amz-Expires must be") as caught:
        presented(Request.of("GET", changed, request.headers))
    assert caught.value.code == "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "SigV4A"),
        ("AWS4-HMAC-SHA256", "AWS2", "not supported"),
        ("aws4_request", "aws5_request", "X-Amz-Credential"),
        ("X-Amz-Date=2", "X-Amz-Date=1", "X-Amz-Date"),
        ("X-Amz-Signature=", "X-Amz-Signature=x", "X-Amz-Signature"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=x-amz-date", "'Host'"),
    ],
)
def test_malformed_queries(signed: Any, old: str, new: str, text: str) -> None:
    request = signed(S3SigV4QueryAuth, "GET", "/b/k")
    assert old in request.target
    with pytest.raises(WireError, match=text):
        presented(Request.of("GET", request.target.replace(old, new), request.headers))


def test_sigv4a_is_refused_clearly(signed: Any) -> None:
    request = signed(SigV4Auth)
    text = request.fields["authorization"].replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    with pytest.raises(WireError, match="SigV4A") as caught:
        presented(replaced(request, text))
    assert caught.value.code == "NotImplemented"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("STREAMING-AWS4-HMAC-SHA256-EVENTS", "NotImplemented"),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "NotImplemented"),
        ("unsigned-payload", "InvalidArgument"),
        ("0" * 63, "InvalidArgument"),
        ("G" * 64, "InvalidArgument"),
    ],
)
def test_payload_declarations(signed: Any, payload: str, code: str) -> None:
    request = signed(S3SigV4Auth, "PUT", "/b/k")
    headers = [(name, payload if name == "x-amz-content-sha256" else value) for name, value in request.headers]
    with pytest.raises(WireError) as caught:
        presented(Request.of("PUT", "/b/k", headers))
    assert caught.value.code == code


def test_s3_demands_a_declaration(signed: Any) -> None:
    request = signed(S3SigV4Auth, "PUT", "/b/k")
    headers = [pair for pair in request.headers if pair[0] != "x-amz-content-sha256"]
    with pytest.raises(WireError, match="x-amz-content-sha256"):
        presented(Request.of("PUT", "/b/k", headers))


def test_only_one_mechanism(signed: Any) -> None:
    by_header = signed(S3SigV4Auth, "GET", "/b/k")
    for signer in (S3SigV4QueryAuth, HmacV1QueryAuth):
        target = signed(signer, "GET", "/b/k").target
        with pytest.raises(WireError, match="Only one auth mechanism"):
            presented(Request.of("GET", target, by_header.headers))
    both = signed(S3SigV4QueryAuth, "GET", "/b/k").target + "&" + signed(HmacV1QueryAuth, "GET", "/b/k").query
    with pytest.raises(WireError, match="Only one auth mechanism"):
        presented(Request.of("GET", both, [("host", "h")]))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("AWSAccessKeyId=A", "AccessDenied"),
        ("AWSAccessKeyId=A&Signature=s", "AccessDenied"),
        ("AWSAccessKeyId=A&Expires=1", "AccessDenied"),
        ("AWSAccessKeyId=&Expires=1&Signature=s", "AccessDenied"),
        ("AWSAccessKeyId=A&Expires=x&Signature=s", "AccessDenied"),
        ("AWSAccessKeyId=A&Expires=9999999999999&Signature=s", "AccessDenied"),
        ("AWSAccessKeyId=A&Expires=1&Signature=s", "SignatureDoesNotMatch"),
        ("AWSAccessKeyId=A&SignatureVersion=2&Signature=s&Action=ListQueues", "IncompleteSignature"),
    ],
)
def test_v2_queries(query: str, code: str) -> None:
    with pytest.raises(WireError) as caught:
        presented(Request.of("GET", f"/b/k?{query}", [("host", "h")]))
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["AWS key", "AWS key:short", "AWS :AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_v2_headers(text: str) -> None:
    with pytest.raises(WireError, match="InvalidArgument"):
        presented(Request.of("GET", "/b/k", [("host", "h"), ("authorization", text)]))
