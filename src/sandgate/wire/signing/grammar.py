"""The grammar of SigV4 claims: scopes, dates, lists of headers, declarations of the body.

Rules: AWS General Reference, "Create a signed AWS API request", and Amazon S3 API Reference, "Authenticating Requests".
"""

from __future__ import annotations

import re

from sandgate.wire.http import Request, WireError
from sandgate.wire.signing.canonical import ALGORITHM
from sandgate.wire.signing.faults import Dialect, dialect_of, malformed

__all__ = [
    "DATE",
    "SCOPE",
    "SIGNATURE",
    "authorization_parts",
    "check_payload",
    "iso_date",
    "lifetime",
    "refused_algorithm",
    "signed_names",
]

_WEEK = 7 * 24 * 3600
_DEFAULT_EXPIRES = 900
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^,\s/]+)/([0-9]{8})/([^,\s/]+)/([^,\s/]+)/aws4_request *, *"
    r"SignedHeaders=([^,\s=]+) *, *Signature=([0-9a-f]{64})"
)
SCOPE = re.compile(r"([^,\s/]+)/([0-9]{8})/([^,\s/]+)/([^,\s/]+)/aws4_request")
SIGNATURE = re.compile(r"[0-9a-f]{64}")
DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) [-+A-Z0-9]+"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PAYLOAD = re.compile(r"[0-9a-f]{64}")
_DECLARED = frozenset(
    {
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)


def authorization_parts(request: Request, authorization: str) -> tuple[str, ...]:
    """Key, day, region, service, signed headers and signature of an Authorization header, parts in any order.

    Raises:
        WireError: as AWS complains.
    """
    match = _HEADER.fullmatch(authorization)
    if match is not None:
        return match.groups()
    dialect = dialect_of(request)
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise refused_algorithm(dialect, algorithm, query=False)
    parts: dict[str, str] = {}
    for piece in rest.split(","):
        name, equals, value = piece.strip().partition("=")
        if not equals or name in parts or name not in {"Credential", "SignedHeaders", "Signature"}:
            raise malformed(dialect, "The Authorization header is malformed: unknown or repeated part.")
        parts[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise malformed(dialect, f"Authorization header requires '{name}' parameter.")
    scope = SCOPE.fullmatch(parts["Credential"])
    if scope is None:
        raise malformed(
            dialect,
            'The Credential is malformed; expecting "<key>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        )
    if not SIGNATURE.fullmatch(parts["Signature"]):
        raise malformed(dialect, "The Signature is malformed; expecting 64 lower-case hexadecimal digits.")
    return (*scope.groups(), parts["SignedHeaders"], parts["Signature"])


def refused_algorithm(dialect: Dialect, algorithm: str, *, query: bool) -> WireError:
    """What to say to another algorithm than SigV4's."""
    if algorithm.startswith("AWS4-ECDSA-P256-SHA256"):
        return WireError(
            "NotImplemented",
            "SigV4A (AWS4-ECDSA-P256-SHA256) does not pass the gate; configure the client for SigV4, which needs a "
            "single region instead of a region set.",
        )
    return malformed(dialect, "The signature algorithm is not supported; use AWS4-HMAC-SHA256.", query=query)


def signed_names(dialect: Dialect, names: str, *, query: bool) -> tuple[str, ...]:
    """The list of signed headers.

    Raises:
        WireError: without host, not sorted, or repeated.
    """
    listed = tuple(names.split(";"))
    if "host" not in listed:
        raise malformed(dialect, "'Host' must be a 'SignedHeader' in the AWS Authorization.", query=query)
    if list(listed) != sorted(set(listed)) or names.lower() != names or "" in listed:
        raise malformed(dialect, "SignedHeaders must be lower-case, sorted and without repetition.", query=query)
    return listed


def check_payload(dialect: Dialect, payload: str) -> None:
    """Refuse a declaration of the body that is none, or that needs what the gate does not carry.

    Raises:
        WireError: that.
    """
    if _PAYLOAD.fullmatch(payload) or payload in _DECLARED:
        return
    if payload == "STREAMING-AWS4-HMAC-SHA256-EVENTS":
        raise WireError("NotImplemented", "Signed event streams need HTTP/2, which does not pass the gate.")
    if payload.startswith("STREAMING-AWS4-ECDSA"):
        raise refused_algorithm(dialect, "AWS4-ECDSA-P256-SHA256", query=False)
    raise WireError(
        "InvalidArgument" if dialect == "s3" else malformed(dialect, "").code,
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING- values or a valid sha256 value.",
    )


def iso_date(date: str) -> str:
    """The Date header as `YYYYMMDDTHHMMSSZ`; as sent when it is that already or is no date (RFC 9110, 5.6.7)."""
    match = _HTTP_DATE.fullmatch(date)
    if match is None or match[2] not in _MONTHS:
        return date
    day, month, year, hour, minute, second = match.groups()
    return f"{year}{_MONTHS.index(month) + 1:02}{int(day):02}T{hour}{minute}{second}Z"


def lifetime(dialect: Dialect, text: str) -> int:
    """Seconds that a presigned request is valid.

    Raises:
        WireError: S3 without it, or not between a second and a week.
    """
    if not text and dialect != "s3":
        return _DEFAULT_EXPIRES
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_WEEK)) or not 1 <= int(text) <= _WEEK:
        raise malformed(dialect, f"X-Amz-Expires must be a number of seconds between 1 and {_WEEK}.", query=True)
    return int(text)
