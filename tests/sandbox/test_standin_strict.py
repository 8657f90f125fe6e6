"""The stand-in refuses what AWS refuses, each with the error that AWS gives, and nothing of it reaches the emulator."""

from __future__ import annotations

import hashlib
import http.client
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.sandbox.standin.account import REGION, StandIn
from tests.sandbox.standin.keys import Key

DYNAMODB, S3, STS, LAMBDA = (f"{name}.{REGION}.amazonaws.com" for name in ("dynamodb", "s3", "sts", "lambda"))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request, signed or about to be."""

    host: str
    service: str
    method: str = "POST"
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    region: str = REGION

    def with_headers(self, **headers: str) -> Sent:
        """The same with other headers; `_` stands for `-`."""
        return replace(
            self, headers={**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        )


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came back, and why if it was a refusal."""

    status: int
    body: bytes
    refused: str


LIST_TABLES = Sent(
    host=DYNAMODB,
    service="dynamodb",
    headers={"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"},
    body=b'{"Limit":7}',
)
WHO_AM_I = Sent(
    host=STS,
    service="sts",
    headers={"Content-Type": "application/x-www-form-urlencoded"},
    body=b"Action=GetCallerIdentity&Version=2011-06-15",
)
WHO_AM_I_BY_URL = Sent(host=STS, service="sts", method="GET", path="/?Action=GetCallerIdentity&Version=2011-06-15")
BUCKETS = Sent(host=S3, service="s3", method="GET")
FUNCTIONS = Sent(host=LAMBDA, service="lambda", method="GET", path="/2015-03-31/functions/?MaxItems=5&Marker=")


def signed(sent: Sent, key: Key, *, payload: str = "", ago: timedelta = timedelta(), presign: int = 0) -> Sent:
    """Signed by botocore.

    Args:
        payload: what is declared of the body in place of its hash.
        ago: how far the signer's clock is behind.
        presign: seconds that a URL lasts, in place of a header.
    """
    keys = Credentials(key.access_key_id, key.secret, key.token or None)
    request = AWSRequest(sent.method, f"https://{sent.host}{sent.path}", {**sent.headers, "Host": sent.host}, sent.body)
    more: dict[str, Any] = {"expires": presign} if presign else {}
    kinds: dict[tuple[bool, bool], type[SigV4Auth]] = {
        (True, True): S3SigV4QueryAuth, (True, False): S3SigV4Auth, (False, True): SigV4QueryAuth,
        (False, False): SigV4Auth,
    }  # fmt: skip
    signer = kinds[sent.service == "s3", bool(presign)](keys, sent.service, sent.region, **more)
    if payload:
        vars(signer)["payload"] = lambda _request: payload
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda: datetime.now(UTC) - ago)
        signer.add_auth(request)
    return replace(sent, path=str(request.url).partition(sent.host)[2] or "/", headers=dict(request.headers.items()))


@pytest.fixture
def send(standin: StandIn) -> Callable[[Sent], Said]:
    """Send exactly this."""

    context = ssl.create_default_context(cafile=str(standin.ca_bundle))

    def go(sent: Sent) -> Said:
        connection = http.client.HTTPSConnection(sent.headers.get("Host", sent.host), context=context)
        raw = socket.create_connection(("127.0.0.1", standin.front.port), timeout=30)
        connection.sock = context.wrap_socket(raw, server_hostname=sent.host)
        connection.putrequest(sent.method, sent.path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.headers.items():
            connection.putheader(name, value)
        if "Transfer-Encoding" not in sent.headers:
            connection.putheader("Content-Length", str(len(sent.body)))
        connection.endheaders(sent.body)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Said(status=answer.status, body=body, refused=standin.front.seen[-1].refused)

    return go


@pytest.mark.parametrize("sent", [LIST_TABLES, WHO_AM_I, BUCKETS, FUNCTIONS], ids=lambda sent: sent.service)
def test_what_botocore_signs_is_taken(sent: Sent, standin: StandIn, send: Callable[[Sent], Said]) -> None:
    said = send(signed(sent, standin.profiles["admin"]))
    assert (said.status, said.refused) == (200, ""), said.body


def _header(name: str, text: str) -> Callable[[Sent], Sent]:
    return lambda sent: replace(sent, headers={**sent.headers, name: text})


def _without(name: str) -> Callable[[Sent], Sent]:
    return lambda sent: replace(sent, headers={key: text for key, text in sent.headers.items() if key != name})


def _authorization(old: str, new: str) -> Callable[[Sent], Sent]:
    def change(sent: Sent) -> Sent:
        changed, times = re.subn(old, new, sent.headers["Authorization"])
        assert times
        return replace(sent, headers={**sent.headers, "Authorization": changed})

    return change


def _a_second_off(sent: Sent) -> Sent:
    stamp = sent.headers["X-Amz-Date"]
    return _header("X-Amz-Date", f"{stamp[:-2]}{(int(stamp[-2]) + 1) % 10}Z")(sent)


def _says_no_hash(sent: Sent) -> Sent:
    return _without("X-Amz-Content-SHA256")(_authorization("x-amz-content-sha256;", "")(sent))


def _body(body: bytes) -> Callable[[Sent], Sent]:
    return lambda sent: replace(sent, body=body)


def _path(path: str) -> Callable[[Sent], Sent]:
    return lambda sent: replace(sent, path=path)


@dataclass(frozen=True, kw_only=True)
class Tampered:
    """A request that is changed after it was signed, or signed otherwise than it should be."""

    sent: Sent
    after: Callable[[Sent], Sent] = lambda sent: sent
    kind: str = "signature"
    code: str = "InvalidSignatureException"
    options: dict[str, Any] = field(default_factory=dict)


def _ago(**ago: float) -> dict[str, Any]:
    return {"ago": timedelta(**ago)}


TAMPERED = {
    "body": Tampered(sent=LIST_TABLES, after=_body(b'{"Limit":8}')),
    "body of a form": Tampered(
        sent=WHO_AM_I, after=_body(WHO_AM_I.body + b"&A=1"), code="SignatureDoesNotMatch"
    ),
    "header that is signed": Tampered(
        sent=LIST_TABLES, after=_header("X-Amz-Target", "DynamoDB_20120810.DescribeLimits")
    ),
    "header that is not signed": Tampered(
        sent=LIST_TABLES, after=_header("x-amz-content-sha256", hashlib.sha256(LIST_TABLES.body).hexdigest()),
        kind="headers",
    ),
    "header that is gone": Tampered(sent=LIST_TABLES, after=_without("Content-Type")),
    "host": Tampered(
        sent=replace(LIST_TABLES, host=f"streams.{DYNAMODB}"),
        after=lambda sent: replace(sent, host=DYNAMODB, headers={**sent.headers, "Host": DYNAMODB}),
    ),
    "method": Tampered(sent=FUNCTIONS, after=lambda sent: replace(sent, method="DELETE")),
    "path": Tampered(sent=FUNCTIONS, after=_path("/2015-03-31/event-source-mappings/?MaxItems=5&Marker=")),
    "path of a key": Tampered(
        sent=replace(BUCKETS, path="/test-b/k%20e"), after=_path("/test-b/k%20f"), code="SignatureDoesNotMatch"
    ),
    "query": Tampered(sent=FUNCTIONS, after=_path("/2015-03-31/functions/?MaxItems=6&Marker=")),
    "one parameter more": Tampered(sent=FUNCTIONS, after=_path("/2015-03-31/functions/?MaxItems=5&Marker=&x=")),
    "date": Tampered(sent=LIST_TABLES, after=_a_second_off),
    "date of the scope": Tampered(sent=LIST_TABLES, after=_authorization(r"/\d{8}/", "/20200101/"), kind="scope"),
    "region": Tampered(sent=replace(LIST_TABLES, region="us-east-1"), kind="scope"),
    "region of S3": Tampered(
        sent=replace(BUCKETS, region="us-east-1"), kind="scope", code="AuthorizationHeaderMalformed"
    ),
    "service": Tampered(sent=replace(LIST_TABLES, service="sqs"), kind="scope"),
    "region in the scope alone": Tampered(
        sent=replace(LIST_TABLES, region="us-east-1"), after=_authorization("us-east-1", REGION)
    ),
    "key that nobody has": Tampered(
        sent=LIST_TABLES, after=_authorization("Credential=AKIA", "Credential=AKIB"), kind="key",
        code="UnrecognizedClientException",
    ),
    "the emulator's own root": Tampered(
        sent=WHO_AM_I, options={"key": Key(access_key_id="test", secret="test")}, kind="key",
        code="InvalidClientTokenId",
    ),
    "an account's digits": Tampered(
        sent=WHO_AM_I, options={"key": Key(access_key_id="0" * 12, secret="test")}, kind="key",
        code="InvalidClientTokenId",
    ),
    "a token where there is none": Tampered(
        sent=WHO_AM_I, options={"token": "more"}, kind="token", code="InvalidClientTokenId"
    ),
    "signature": Tampered(sent=LIST_TABLES, after=_authorization("Signature=.{8}", "Signature=00000000")),
    "no signature at all": Tampered(
        sent=LIST_TABLES, after=_without("Authorization"), kind="missing", code="MissingAuthenticationTokenException"
    ),
    "nobody's read of a bucket": Tampered(
        sent=BUCKETS, after=_without("Authorization"), kind="missing", code="AccessDenied"
    ),
    "version 2": Tampered(
        sent=BUCKETS, after=_header("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl"), kind="request",
        code="InvalidRequest",
    ),
    "six minutes late": Tampered(sent=FUNCTIONS, kind="skew", options=_ago(minutes=6)),
    "sixteen minutes late": Tampered(
        sent=BUCKETS, kind="skew", code="RequestTimeTooSkewed", options=_ago(minutes=16)
    ),
    "sixteen minutes early": Tampered(
        sent=WHO_AM_I, kind="skew", code="SignatureDoesNotMatch", options=_ago(minutes=-16)
    ),
    "hash of another body": Tampered(
        sent=BUCKETS, options={"payload": hashlib.sha256(b"x").hexdigest()}, kind="payload",
        code="XAmzContentSHA256Mismatch",
    ),
    "no hash": Tampered(sent=BUCKETS, after=_says_no_hash, kind="headers", code="AccessDenied"),
    "unsigned body outside of S3": Tampered(
        sent=replace(LIST_TABLES, headers={**LIST_TABLES.headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    ),
    "checksum": Tampered(
        sent=Sent(host=S3, service="s3", method="PUT", path="/test-b/k", headers={"x-amz-checksum-crc32": "AAAAAA=="},
                  body=b"x"), kind="checksum", code="BadDigest",
    ),
    "MD5": Tampered(
        sent=Sent(host=S3, service="s3", method="PUT", path="/test-b/k",
                  headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, body=b"x"), kind="checksum", code="BadDigest",
    ),
    "chunks of the transfer": Tampered(
        sent=Sent(host=S3, service="s3", method="PUT", path="/test-b/k", headers={"Transfer-Encoding": "chunked"},
                  body=b"1\r\nx\r\n0\r\n\r\n"), options={"payload": "UNSIGNED-PAYLOAD"}, kind="framing",
        code="NotImplemented",
    ),
    "presigned too long ago": Tampered(
        sent=WHO_AM_I_BY_URL, options={"presign": 60, **_ago(seconds=61)}, kind="late", code="SignatureDoesNotMatch"
    ),
    "presigned for another": Tampered(
        sent=BUCKETS, after=lambda sent: replace(sent, path=sent.path.replace("/?", "/test-b?")),
        options={"presign": 60}, code="SignatureDoesNotMatch",
    ),
    "presigned for longer": Tampered(
        sent=BUCKETS, after=lambda sent: replace(sent, path=sent.path.replace("Expires=60", "Expires=90")),
        options={"presign": 60}, code="SignatureDoesNotMatch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_what_is_tampered_with_is_refused(what: str, standin: StandIn, send: Callable[[Sent], Said]) -> None:
    case = TAMPERED[what]
    options = dict(case.options)
    key = options.pop("key", standin.profiles["admin"])
    if "token" in options:
        key = replace(key, token=options.pop("token"))
    said = send(case.after(signed(case.sent, key, **options)))
    assert said.refused.partition(":")[0] == case.kind, said
    assert case.code.encode() in said.body


@pytest.mark.parametrize("sent", [LIST_TABLES, WHO_AM_I, BUCKETS, FUNCTIONS], ids=lambda sent: sent.service)
def test_who_follows_the_clock_of_aws_is_let_in(sent: Sent, standin: StandIn, send: Callable[[Sent], Said]) -> None:
    standin.front.clock = timedelta(minutes=40)
    said = send(signed(sent, standin.profiles["admin"], ago=timedelta(minutes=-40)))
    assert (said.status, said.refused) == (200, ""), said.body
    assert send(signed(sent, standin.profiles["admin"])).refused.startswith("skew")
