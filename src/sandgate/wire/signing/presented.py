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
from sandgate.wire.signing.grammar import (
    DATE,
    SCOPE,
    SIGNATURE,
    authorization_parts,
    check_payload,
    iso_date,
    lifetime,
    refused_algorithm,
    signed_names,
)

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

_V2_HEADER = re.compile(r"AWS ([^\s:]+):([A-Za-z0-9+/]{27}=)")
_V2_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
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


def _from_header(request: Request, authorization: str) -> Presented:
    key, day, region, service, names, signature = authorization_parts(request, authorization)
    dialect = dialect_of(request, service)
    fields = request.fields
    date = fields.get("x-amz-date") or iso_date(fields.get("date", ""))
    if not DATE.fullmatch(date):
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
        check_payload(dialect, payload)
    return Presented(
        "v4-header",
        key,
        signature,
        date=date,
        region=region,
        service=service,
        signed_headers=signed_names(dialect, names, query=False),
        token=fields.get(token_name, ""),
        token_name=token_name,
        payload=payload,
        dialect=dialect,
    )


def _from_query(request: Request, query: Mapping[str, str]) -> Presented:
    dialect = dialect_of(request)
    algorithm = query.get("X-Amz-Algorithm", "")
    if algorithm != ALGORITHM and algorithm:
        raise refused_algorithm(dialect, algorithm, query=True)
    scope = SCOPE.fullmatch(query.get("X-Amz-Credential", ""))
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
    if not DATE.fullmatch(date) or date[:8] != day:
        raise malformed(dialect, "X-Amz-Date must be YYYYMMDDTHHMMSSZ, on the day of the credential.", query=True)
    if not SIGNATURE.fullmatch(query["X-Amz-Signature"]):
        raise malformed(dialect, "X-Amz-Signature must be 64 lower-case hexadecimal digits.", query=True)
    signed = signed_names(dialect, query["X-Amz-SignedHeaders"], query=True)
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
        expires=lifetime(dialect, query.get("X-Amz-Expires", "")),
        payload=_query_payload(request, query, service, signed, dialect),
        dialect=dialect,
    )


def _query_payload(
    request: Request, query: Mapping[str, str], service: str, signed: tuple[str, ...], dialect: Dialect
) -> str:
    declared = query.get("X-Amz-Content-Sha256", "")
    if not declared and "x-amz-content-sha256" in signed:
        declared = request.fields.get("x-amz-content-sha256", "")
    if declared:
        check_payload(dialect, declared)
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
    scope = SCOPE.fullmatch(form.get("x-amz-credential", ""))
    date = form.get("x-amz-date", "")
    if scope is None or not DATE.fullmatch(date) or date[:8] != scope[2]:
        raise WireError("InvalidArgument", "Bucket POST must contain a valid x-amz-credential and x-amz-date.")
    if not SIGNATURE.fullmatch(form.get("x-amz-signature", "")):
        raise WireError("InvalidArgument", "Bucket POST must contain a valid x-amz-signature.")
    return Presented(
        "v4-post", scope[1], form["x-amz-signature"], date=date, region=scope[3], service=scope[4], token=token
    )
