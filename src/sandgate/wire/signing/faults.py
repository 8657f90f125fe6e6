"""Refused signatures as AWS words them: three families of error codes, by the kind of service.

S3 has codes of its own ("Error responses", Amazon S3 API Reference); query services and JSON services share
meanings but not spellings ("Common Errors" of AWS STS and of Amazon DynamoDB).
"""

from __future__ import annotations

from typing import Literal

from sandgate.wire.http import Request, WireError

__all__ = ["S3_NAMES", "Dialect", "access_denied", "bad_token", "dialect_of", "malformed", "mismatch", "not_signed"]

Dialect = Literal["s3", "query", "json"]

S3_NAMES = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
"""Signing names whose canonical path is the path as sent, and whose errors are those of S3."""

_NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS secret access key and signing method."
)


def dialect_of(request: Request, service: str = "") -> Dialect:
    """Which family of codes the client of a request understands.

    Args:
        request: its head.
        service: signing name, empty while it is not known; then the shape of the head decides.
    """
    if service in S3_NAMES:
        return "s3"
    if request.fields.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    if "Action=" in request.query:
        return "query"
    if not service and "x-amz-content-sha256" in request.fields and "x-amz-target" not in request.fields:
        return "s3"
    return "json"


def malformed(dialect: Dialect, message: str, *, query: bool = False) -> WireError:
    """The signature is there but cannot be read."""
    if dialect == "s3":
        return WireError("AuthorizationQueryParametersError" if query else "AuthorizationHeaderMalformed", message)
    return WireError("IncompleteSignature" if dialect == "query" else "IncompleteSignatureException", message)


def mismatch(dialect: Dialect, message: str = _NO_MATCH) -> WireError:
    """The signature is not that of the request."""
    return WireError("InvalidSignatureException" if dialect == "json" else "SignatureDoesNotMatch", message, status=403)


def bad_token(dialect: Dialect) -> WireError:
    """The session token is not that of the key."""
    if dialect == "s3":
        return WireError("InvalidToken", "The provided token is malformed or otherwise invalid.")
    code = "InvalidClientTokenId" if dialect == "query" else "UnrecognizedClientException"
    return WireError(code, "The security token included in the request is invalid.", status=403)


def access_denied(message: str) -> WireError:
    """S3's general refusal: expired, or unsigned parts."""
    return WireError("AccessDenied", message, status=403)


def not_signed(dialect: Dialect, names: list[str]) -> WireError:
    """Headers that must be signed are not."""
    listed = ", ".join(sorted(names))
    if dialect == "s3":
        return access_denied(f"There were headers present in the request which were not signed: {listed}")
    return mismatch(dialect, f"Every x-amz- header must be a 'SignedHeader' in the AWS Authorization: {listed}")
