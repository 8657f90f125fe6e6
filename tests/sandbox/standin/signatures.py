"""Whether AWS would take a request: its signature, recomputed by botocore's own signer from what arrived.

Source: "Create a signed AWS API request" of the IAM User Guide, and "Authenticating Requests" of the S3 API Reference.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from tests.sandbox.standin.chunks import Signer, check_chunks, check_sums
from tests.sandbox.standin.hosts import Place
from tests.sandbox.standin.keys import Key
from tests.sandbox.standin.messages import Refused, Request

__all__ = ["Claim", "claim", "verify"]

_ALGORITHM = "AWS4-HMAC-SHA256"
_STAMP = "%Y%m%dT%H%M%SZ"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_STREAMS = (
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
)
_LONG = frozenset({"dynamodb", "ecr", "elasticache", "iam", "rds", "s3", "sns", "sqs", "sts"})
"""Services that take a request signed a quarter of an hour ago; others take five minutes."""
_LONGEST = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who a request says that it comes from, and what it says about its signature."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str
    stamp: str
    token: str
    presigned: bool
    expires: int = 0


def claim(request: Request) -> Claim | None:
    """Read the `Authorization` header or the parameters of a presigned URL; `None` where the request has neither.

    Raises:
        Refused: it has one that cannot be read, or is of another kind.
    """
    authorization = request.header("authorization")
    if request.parameter("X-Amz-Algorithm"):
        if authorization:
            raise Refused("request", "only one way to sign may be used")
        return _presigned(request)
    if request.parameter("AWSAccessKeyId") or authorization.startswith("AWS "):
        raise Refused("request", "signature version 2 is not supported; use AWS4-HMAC-SHA256")
    if not authorization:
        return None
    algorithm, _, rest = authorization.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != _ALGORITHM or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        raise Refused("request", f"an Authorization of {algorithm!r} with {sorted(fields)}")
    stamp = request.header("x-amz-date")
    if not stamp and request.header("date"):
        stamp = parsedate_to_datetime(request.header("date")).astimezone(UTC).strftime(_STAMP)
    return _claim(fields["Credential"], fields["SignedHeaders"], fields["Signature"], stamp, request)


def _presigned(request: Request) -> Claim:
    given = {name: request.parameter(f"X-Amz-{name}") for name in ("Credential", "SignedHeaders", "Signature", "Date")}
    expires = request.parameter("X-Amz-Expires")
    if request.parameter("X-Amz-Algorithm") != _ALGORITHM or not all(given.values()) or not expires.isdecimal():
        raise Refused("request", "a presigned URL that lacks parameters or is signed in another way")
    if not 0 < int(expires) <= _LONGEST:
        raise Refused("request", "X-Amz-Expires is out of range")
    return _claim(
        given["Credential"], given["SignedHeaders"], given["Signature"], given["Date"], request, expires=int(expires)
    )


def _claim(credential: str, signed: str, signature: str, stamp: str, request: Request, expires: int = 0) -> Claim:
    scope = credential.split("/")
    if len(scope) != 5 or scope[4] != "aws4_request" or not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
        raise Refused("request", f"a scope of {credential.partition('/')[2]!r}, or a date of {stamp!r}")
    token = request.parameter("X-Amz-Security-Token") if expires else request.header("x-amz-security-token")
    return Claim(
        access_key_id=scope[0], date=scope[1], region=scope[2], service=scope[3], signed=tuple(signed.split(";")),
        signature=signature, stamp=stamp, token=token, presigned=expires > 0, expires=expires,
    )  # fmt: skip


def verify(request: Request, claimed: Claim, key: Key | None, place: Place, now: datetime, *, lax: bool) -> None:
    """Check everything that AWS checks before it looks at what is asked for.

    Args:
        key: what is known of the key that the request names.
        now: the clock of AWS.
        lax: whether the operation's body may go unsigned (trait `unsignedPayload`).

    Raises:
        Refused: it would not pass.
    """
    if key is None or not key.active:
        raise Refused("key", f"{claimed.access_key_id} is not known or not active")
    if (claimed.service, claimed.region) not in place.scopes:
        raise Refused("scope", f"{claimed.service}/{claimed.region} at {place.host}: {sorted(place.scopes)}")
    if claimed.date != claimed.stamp[:8]:
        raise Refused("scope", f"the scope's date {claimed.date} is not that of {claimed.stamp}")
    _check_time(claimed, now)
    _check_signed_headers(request, claimed)
    _check_signature(request, claimed, key, place, lax=lax)
    # A token is part of what is signed: whether it is the right one matters once the signature is.
    if claimed.token != key.token:
        raise Refused("token", f"the token is not that of {claimed.access_key_id}")
    if key.expires is not None and now >= key.expires:
        raise Refused("expired", f"the session ended at {key.expires:%H:%M:%S}")


def _check_time(claimed: Claim, now: datetime) -> None:
    signed_at = datetime.strptime(claimed.stamp, _STAMP).replace(tzinfo=UTC)
    slack = timedelta(minutes=15 if claimed.service in _LONG else 5)
    if claimed.presigned:
        if signed_at > now + slack or now >= signed_at + timedelta(seconds=claimed.expires):
            raise Refused("late", f"presigned at {claimed.stamp} for {claimed.expires} s")
    elif abs(signed_at - now) > slack:
        raise Refused("skew", f"signed at {claimed.stamp}, and it is {now:{_STAMP}}")


def _check_signed_headers(request: Request, claimed: Claim) -> None:
    present = {name for name, _ in request.headers}
    needed = {"host", *(name for name in present if name.startswith("x-amz-"))}
    if missing := needed - set(claimed.signed):
        raise Refused("headers", f"not signed: {sorted(missing)}")
    if list(claimed.signed) != sorted(set(claimed.signed)) or set(claimed.signed) - present:
        raise Refused("signature", "SignedHeaders are not in order, or name what is not there")


def _signer(base: type[SigV4Auth], signed: tuple[str, ...]) -> Callable[..., SigV4Auth]:
    class Again(base):  # type: ignore[misc, valid-type]
        def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
            """Only those that the client says it signed."""
            chosen = HTTPHeaders()
            for name, value in request.headers.items():
                if name in signed:
                    chosen[name] = value
            return chosen

    return Again


def _check_signature(request: Request, claimed: Claim, key: Key, place: Place, *, lax: bool) -> None:
    declared = request.header("x-amz-content-sha256")
    if place.is_s3 and not claimed.presigned and not declared:
        raise Refused("headers", "S3 needs x-amz-content-sha256")
    if place.is_s3 and request.chunked and "aws-chunked" not in request.header("content-encoding"):
        raise Refused("framing", "Transfer-Encoding: chunked")
    if claimed.presigned and place.is_s3:
        declared = declared or _UNSIGNED
    if not declared:
        declared = hashlib.sha256(request.body).hexdigest()
    signer = _signer(S3SigV4Auth if place.is_s3 else SigV4Auth, claimed.signed)(
        Credentials(key.access_key_id, key.secret), claimed.service, claimed.region
    )
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in request.parameters
        if not (claimed.presigned and name == "X-Amz-Signature")
    )
    url = f"https://{place.host}{_path(request, place)}" + (f"?{query}" if query else "")
    given = AWSRequest(request.method, url, data=request.body)
    for name, value in request.headers:
        given.headers[name] = value
    if "x-amz-content-sha256" not in given.headers:
        vars(signer)["payload"] = lambda _request: declared
    given.context["timestamp"] = claimed.stamp
    text = signer.string_to_sign(given, signer.canonical_request(given))
    if not hmac.compare_digest(signer.signature(text, given).encode(), claimed.signature.encode()):
        raise Refused("signature", f"the signature is not that of\n{text}\n{signer.canonical_request(given)}")
    _check_payload(request, declared, _chain(claimed, key), lax=lax or place.is_s3)


def _path(request: Request, place: Place) -> str:
    """S3 reads the path and encodes it once; the others encode it as it came, which is the signer's part."""
    return quote(unquote_to_bytes(request.path), safe="/-_.~") if place.is_s3 else request.path


def _chain(claimed: Claim, key: Key) -> Signer:
    """Where chunks that are signed start from."""
    secret = f"AWS4{key.secret}".encode()
    for part in (claimed.date, claimed.region, claimed.service, "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    scope = f"{claimed.date}/{claimed.region}/{claimed.service}/aws4_request"
    return Signer(key=secret, stamp=claimed.stamp, scope=scope, seed=claimed.signature)


def _check_payload(request: Request, declared: str, chain: Signer, *, lax: bool) -> None:
    if declared in _STREAMS and lax:
        check_chunks(request, declared, chain)
        return
    if declared == _UNSIGNED:
        if not lax:
            raise Refused("signature", "the body of this operation must be signed")
    elif declared != hashlib.sha256(request.body).hexdigest():
        raise Refused("payload", "x-amz-content-sha256 is not that of the body")
    check_sums(dict(request.headers), request.body)
