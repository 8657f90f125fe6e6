"""`presented`: what a request claims about who signed it, read from the head alone and believed by nobody yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote_plus

from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.canonical import ALGORITHM
from sandgate.wire.signing.faults import S3_NAMES, Dialect, access_denied, dialect_of, malformed, mismatch

__all__ = ["SINGLE_HEADERS", "Presented", "Scheme", "post_presented", "presented"]

Scheme = Literal["v4-header", "v4-query", "v2-header", "v2-query", "v4-post", "v2-post"]

SINGLE_HEADERS = frozenset(
    {
        "authorization",
        "content-length",
        "content-type",
        "date",
        "host",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-decoded-content-length",
        "x-amz-s3session-token",
        "x-amz-security-token",
        "x-amz-target",
    }
)
"""Headers that decide who calls what; a second one would let two readers see two requests."""

_WEEK = 7 * 24 * 3600
_DEFAULT_EXPIRES = 900
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^,\s/]+)/([0-9]{8})/([^,\s/]+)/([^,\s/]+)/aws4_request *, *"
    r"SignedHeaders=([^,\s=]+) *, *Signature=([0-9a-f]{64})"
)
_SCOPE = re.compile(r"([^,\s/]+)/([0-9]{8})/([^,\s/]+)/([^,\s/]+)/aws4_request")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) [-+A-Z0-9]+"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_V2_HEADER = re.compile(r"AWS ([^\s:]+):([A-Za-z0-9+/]{27}=)")
_V2_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
_PAYLOAD = re.compile(r"[0-9a-f]{64}")
_DECLARED = frozenset(
    {
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)
_V4_QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature")
_V2_QUERY = frozenset({"AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"})
_ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
    "or the Authorization header should be specified"
)


@dataclass(frozen=True, slots=True)
class Presented:
    """A claimed signature, its grammar checked and nothing else."""

    scheme: Scheme
    access_key_id: str
    signature: str = field(repr=False)
    date: str = ""
    """`YYYYMMDDTHHMMSSZ`; empty for SigV2."""
    region: str = ""
    """Region of the scope; empty for SigV2."""
    service: str = "s3"
    """Signing name of the scope."""
    signed_headers: tuple[str, ...] = ()
    token: str = field(default="", repr=False)
    token_name: str = "x-amz-security-token"  # noqa: S105 - a header's name
    """The header that carries the token upstream; S3 Express sessions have one of their own."""
    expires: int = 0
    """Seconds a presigned request is valid: after `date` for SigV4, since 1970 for SigV2; 0 for signed headers."""
    payload: str = ""
    """What stands for the body in the canonical request; empty when that is the hash of the body itself."""
    dialect: Dialect = "s3"

    @property
    def scope(self) -> str:
        """The credential scope, `YYYYMMDD/region/service/aws4_request`."""
        return f"{self.date[:8]}/{self.region}/{self.service}/aws4_request"


def presented(request: Request) -> Presented | None:
    """Read the signature that a request carries.

    Args:
        request: its head.

    Returns:
        None when it carries none: unsigned, or authorised by something that is not an AWS signature.

    Raises:
        WireError: repeated, contradictory, unsupported or malformed, with the code that AWS uses.
    """
    if len(request.fields) != len(request.headers):
        _refuse_repeated(request)
    authorization = request.fields.get("authorization", "")
    query = _query_auth(request) if request.query else {}
    by_query = "X-Amz-Algorithm" in query or "X-Amz-Signature" in query or "AWSAccessKeyId" in query
    by_header = authorization[:3].upper() == "AWS"
    if by_query and by_header:
        raise WireError("InvalidArgument", _ONE_MECHANISM)
    if by_query:
        single = _single(request, query)
        return _from_v2_query(request, single) if "AWSAccessKeyId" in query else _from_query(request, single)
    if not by_header:
        return None
    if authorization.startswith("AWS "):
        return _from_v2_header(request, authorization)
    if authorization.startswith("AWS4-") or authorization[3:4] in {"3", "4"}:
        return _from_header(request, authorization)
    return None


def _refuse_repeated(request: Request) -> None:
    seen: set[str] = set()
    for name, _ in request.headers:
        if name in seen and name in SINGLE_HEADERS:
            raise malformed(dialect_of(request), f"The header {name} may occur only once.")
        seen.add(name)


def _query_auth(request: Request) -> dict[str, list[str]]:
    """The parameters that belong to a signature, decoded."""
    found: dict[str, list[str]] = {}
    for piece in request.query.split("&"):
        name, _, value = piece.partition("=")
        if "%" in name:
            name = unquote_plus(name, errors="surrogateescape")
        if name.startswith("X-Amz-") or name in _V2_QUERY:
            found.setdefault(name, []).append(unquote_plus(value, errors="surrogateescape"))
    return found


def _single(request: Request, query: Mapping[str, list[str]]) -> dict[str, str]:
    for name, values in query.items():
        if len(values) > 1:
            raise malformed(dialect_of(request), f"The query parameter {name} may occur only once.", query=True)
    return {name: values[0] for name, values in query.items()}


def _refuse_algorithm(dialect: Dialect, algorithm: str, *, query: bool) -> WireError:
    if algorithm.startswith("AWS4-ECDSA-P256-SHA256"):
        return WireError(
            "NotImplemented",
            "SigV4A (AWS4-ECDSA-P256-SHA256) does not pass the gate; configure the client for SigV4, which needs a "
            "single region instead of a region set.",
        )
    return malformed(dialect, "The signature algorithm is not supported; use AWS4-HMAC-SHA256.", query=query)


def _from_header(request: Request, authorization: str) -> Presented:
    match = _HEADER.fullmatch(authorization)
    if match is not None:
        key, day, region, service, names, signature = match.groups()
    else:
        key, day, region, service, names, signature = _header_parts(request, authorization)
    dialect = dialect_of(request, service)
    fields = request.fields
    date = fields.get("x-amz-date") or _iso(fields.get("date", ""))
    if not _DATE.fullmatch(date):
        raise malformed(dialect, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if date[:8] != day:
        raise mismatch(
            dialect, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
        )
    token_name = "x-amz-s3session-token" if "x-amz-s3session-token" in fields else "x-amz-security-token"
    payload = fields.get("x-amz-content-sha256", "")
    if not payload and service == "s3":
        raise WireError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if payload:
        _check_payload(dialect, payload)
    return Presented(
        "v4-header",
        key,
        signature,
        date=date,
        region=region,
        service=service,
        signed_headers=_signed_headers(dialect, names, query=False),
        token=fields.get(token_name, ""),
        token_name=token_name,
        payload=payload,
        dialect=dialect,
    )


def _header_parts(request: Request, authorization: str) -> tuple[str, ...]:
    """The same in any order, or the complaint that AWS would make."""
    dialect = dialect_of(request)
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _refuse_algorithm(dialect, algorithm, query=False)
    parts: dict[str, str] = {}
    for piece in rest.split(","):
        name, equals, value = piece.strip().partition("=")
        if not equals or name in parts or name not in {"Credential", "SignedHeaders", "Signature"}:
            raise malformed(dialect, "The Authorization header is malformed: unknown or repeated part.")
        parts[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise malformed(dialect, f"Authorization header requires '{name}' parameter.")
    scope = _SCOPE.fullmatch(parts["Credential"])
    if scope is None:
        raise malformed(
            dialect,
            'The Credential is malformed; expecting "<key>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        )
    if not _SIGNATURE.fullmatch(parts["Signature"]):
        raise malformed(dialect, "The Signature is malformed; expecting 64 lower-case hexadecimal digits.")
    return (*scope.groups(), parts["SignedHeaders"], parts["Signature"])


def _signed_headers(dialect: Dialect, names: str, *, query: bool) -> tuple[str, ...]:
    listed = tuple(names.split(";"))
    if "host" not in listed:
        raise malformed(dialect, "'Host' must be a 'SignedHeader' in the AWS Authorization.", query=query)
    if list(listed) != sorted(set(listed)) or names.lower() != names or "" in listed:
        raise malformed(dialect, "SignedHeaders must be lower-case, sorted and without repetition.", query=query)
    return listed


def _check_payload(dialect: Dialect, payload: str) -> None:
    if _PAYLOAD.fullmatch(payload) or payload in _DECLARED:
        return
    if payload == "STREAMING-AWS4-HMAC-SHA256-EVENTS":
        raise WireError("NotImplemented", "Signed event streams need HTTP/2, which does not pass the gate.")
    if payload.startswith("STREAMING-AWS4-ECDSA"):
        raise _refuse_algorithm(dialect, "AWS4-ECDSA-P256-SHA256", query=False)
    raise WireError(
        "InvalidArgument" if dialect == "s3" else malformed(dialect, "").code,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING- values or a valid sha256 value.",
    )


def _iso(date: str) -> str:
    """The Date header as `YYYYMMDDTHHMMSSZ`; as sent when it is that already or is no date (RFC 9110, 5.6.7)."""
    match = _HTTP_DATE.fullmatch(date)
    if match is None or match[2] not in _MONTHS:
        return date
    day, month, year, hour, minute, second = match.groups()
    return f"{year}{_MONTHS.index(month) + 1:02}{int(day):02}T{hour}{minute}{second}Z"


def _from_query(request: Request, query: Mapping[str, str]) -> Presented:
    dialect = dialect_of(request)
    algorithm = query.get("X-Amz-Algorithm", "")
    if algorithm != ALGORITHM and algorithm:
        raise _refuse_algorithm(dialect, algorithm, query=True)
    scope = _SCOPE.fullmatch(query.get("X-Amz-Credential", ""))
    if scope is not None:
        dialect = dialect_of(request, scope[4])
    for name in _V4_QUERY:
        if not query.get(name):
            raise malformed(
                dialect, f"Query-string authentication version 4 requires the {name} parameter.", query=True
            )
    if scope is None:
        raise malformed(
            dialect,
            'Error parsing the X-Amz-Credential parameter; expecting "<key>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            query=True,
        )
    key, day, region, service = scope.groups()
    date = query["X-Amz-Date"]
    if not _DATE.fullmatch(date) or date[:8] != day:
        raise malformed(dialect, "X-Amz-Date must be YYYYMMDDTHHMMSSZ, on the day of the credential.", query=True)
    if not _SIGNATURE.fullmatch(query["X-Amz-Signature"]):
        raise malformed(dialect, "X-Amz-Signature must be 64 lower-case hexadecimal digits.", query=True)
    signed = _signed_headers(dialect, query["X-Amz-SignedHeaders"], query=True)
    token_param = "X-Amz-S3session-Token" if "X-Amz-S3session-Token" in query else "X-Amz-Security-Token"
    return Presented(
        "v4-query",
        key,
        query["X-Amz-Signature"],
        date=date,
        region=region,
        service=service,
        signed_headers=signed,
        token=query.get(token_param, ""),
        token_name=token_param.lower(),
        expires=_lifetime(dialect, query.get("X-Amz-Expires", "")),
        payload=_query_payload(request, query, service, signed, dialect),
        dialect=dialect,
    )


def _lifetime(dialect: Dialect, text: str) -> int:
    if not text and dialect != "s3":
        return _DEFAULT_EXPIRES
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_WEEK)) or not 1 <= int(text) <= _WEEK:
        raise malformed(dialect, f"X-Amz-Expires must be a number of seconds between 1 and {_WEEK}.", query=True)
    return int(text)


def _query_payload(
    request: Request, query: Mapping[str, str], service: str, signed: tuple[str, ...], dialect: Dialect
) -> str:
    declared = query.get("X-Amz-Content-Sha256", "")
    if not declared and "x-amz-content-sha256" in signed:
        declared = request.fields.get("x-amz-content-sha256", "")
    if declared:
        _check_payload(dialect, declared)
        return declared
    return "UNSIGNED-PAYLOAD" if service in S3_NAMES else ""


def _from_v2_query(request: Request, query: Mapping[str, str]) -> Presented:
    if "SignatureVersion=" in request.query:
        raise malformed("query", "Signature Version 2 of query services is not supported; use AWS4-HMAC-SHA256.")
    expires = query.get("Expires", "")
    if "X-Amz-Algorithm" in query or "X-Amz-Signature" in query:
        raise WireError("InvalidArgument", _ONE_MECHANISM)
    if not query.get("Signature") or not expires or not query["AWSAccessKeyId"]:
        raise access_denied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    if not (expires.isascii() and expires.isdigit()) or len(expires) > 12:  # noqa: PLR2004 - beyond any real clock
        raise access_denied("Invalid date (should be seconds since epoch)")
    # A `+` in the signature that nobody encoded reads as a space; no signature holds one.
    signature = query["Signature"].replace(" ", "+")
    if not _V2_SIGNATURE.fullmatch(signature):
        raise mismatch("s3")
    token = query.get("x-amz-security-token", "") or request.fields.get("x-amz-security-token", "")
    return Presented(
        "v2-query", query["AWSAccessKeyId"], signature, token=token, expires=int(expires), payload="UNSIGNED-PAYLOAD"
    )


def _from_v2_header(request: Request, authorization: str) -> Presented:
    match = _V2_HEADER.fullmatch(authorization)
    if match is None:
        raise WireError("InvalidArgument", "AWS authorization header is invalid. Expected AwsAccessKeyId:signature")
    token = request.fields.get("x-amz-security-token", "")
    return Presented("v2-header", match[1], match[2], token=token, payload="UNSIGNED-PAYLOAD")


def post_presented(form: Mapping[str, str]) -> Presented | None:
    """Read the signature that an S3 POST form carries.

    Args:
        form: the fields before `file`, names in any case.

    Returns:
        None for a form without policy, which S3 takes as anonymous.

    Raises:
        WireError: both kinds of signature, or a malformed one ("Browser-Based Uploads Using POST", Amazon S3).
    """
    form = {name.lower(): value for name, value in form.items()}
    v4 = "x-amz-signature" in form or "x-amz-credential" in form
    v2 = "awsaccesskeyid" in form or "signature" in form
    if v4 and v2:
        raise WireError("InvalidArgument", "Only one auth mechanism allowed in a form.")
    if not v4 and not v2:
        return None
    if "policy" not in form:
        raise WireError("InvalidArgument", "Bucket POST must contain a field named 'policy'.")
    token = form.get("x-amz-security-token", "")
    if v2:
        if not form.get("awsaccesskeyid") or not _V2_SIGNATURE.fullmatch(form.get("signature", "")):
            raise WireError("InvalidArgument", "Bucket POST must contain AWSAccessKeyId and a valid signature.")
        return Presented("v2-post", form["awsaccesskeyid"], form["signature"], token=token)
    if form.get("x-amz-algorithm") != ALGORITHM:
        raise WireError("InvalidArgument", f"Bucket POST must contain x-amz-algorithm, which must be {ALGORITHM}.")
    scope = _SCOPE.fullmatch(form.get("x-amz-credential", ""))
    date = form.get("x-amz-date", "")
    if scope is None or not _DATE.fullmatch(date) or date[:8] != scope[2]:
        raise WireError("InvalidArgument", "Bucket POST must contain a valid x-amz-credential and x-amz-date.")
    if not _SIGNATURE.fullmatch(form.get("x-amz-signature", "")):
        raise WireError("InvalidArgument", "Bucket POST must contain a valid x-amz-signature.")
    return Presented(
        "v4-post", scope[1], form["x-amz-signature"], date=date, region=scope[3], service=scope[4], token=token
    )
