"""S3 Signature Version 2, which boto3 still uses for presigned URLs and POST forms in the oldest regions.

Rules: Amazon S3 User Guide, "Signing and authenticating REST requests (AWS signature version 2)".
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from sandgate.wire.http import Request
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.faults import mismatch
from sandgate.wire.signing.presented import Presented

__all__ = ["v2_sign", "v2_signatures"]

_SUBRESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "intelligent-tiering",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    }
)
_BUCKET_HOST = re.compile(r"(.+)\.s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?(?::[0-9]+)?")


def v2_sign(credential: Credential, text: str) -> str:
    """The base64 HMAC-SHA1 of `text`."""
    key = credential.secret_access_key.encode()
    return base64.b64encode(hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha1")).decode()


def v2_signatures(presented: Presented, request: Request, credential: Credential) -> Iterator[str]:
    """The signatures that fit a SigV2 request: one per way to address the bucket, query decoded or as sent."""
    pairs = _pairs(request.query)
    head = f"{request.method}\n{_standard(presented, request, pairs)}{_custom(presented, request, pairs)}"
    bucket = _BUCKET_HOST.fullmatch(request.host)
    paths = [f"/{bucket[1]}{request.path}", request.path] if bucket else [request.path]
    for path in paths:
        for decode in (True, False):
            yield v2_sign(credential, f"{head}{path}{_subresources(pairs, decode=decode)}")


def _pairs(query: str) -> list[tuple[str, str | None]]:
    """Names decoded, values as sent, None where there is no `=`."""
    pieces = [piece.partition("=") for piece in query.split("&")] if query else []
    return [(unquote(name), value if equals else None) for name, equals, value in pieces]


def _standard(presented: Presented, request: Request, pairs: list[tuple[str, str | None]]) -> str:
    """Content-MD5, Content-Type and the date; botocore moves the first two of a presigned URL into its query."""
    hoisted = {name: unquote_plus(value or "") for name, value in pairs} if presented.scheme == "v2-query" else {}
    lines = [request.fields.get(name, hoisted.get(name, "")) for name in ("content-md5", "content-type")]
    if presented.scheme == "v2-query":
        date = str(presented.expires)
    else:
        date = "" if "x-amz-date" in request.fields else request.fields.get("date", "")
    return "\n".join([*lines, date]) + "\n"


def _custom(presented: Presented, request: Request, pairs: list[tuple[str, str | None]]) -> str:
    """Headers that start with `x-amz-`, whether sent as headers or in the query of a presigned URL."""
    found = {name: value for name, value in request.fields.items() if name.startswith("x-amz-")}
    if presented.scheme == "v2-query":
        for name, value in pairs:
            text = unquote_plus(value or "")
            if name.startswith("x-amz-") and found.setdefault(name, text) != text:
                raise mismatch("s3", f"The header {name} and the query parameter of that name differ.")
    return "".join(f"{name}:{value}\n" for name, value in sorted(found.items()))


def _subresources(pairs: list[tuple[str, str | None]], *, decode: bool) -> str:
    kept = [(name, value) for name, value in pairs if name in _SUBRESOURCES]
    # Stable and by name alone, as S3 keeps the order of repeated ones.
    kept.sort(key=lambda pair: pair[0])
    texts = [name if value is None else f"{name}={unquote(value) if decode else value}" for name, value in kept]
    return f"?{'&'.join(texts)}" if texts else ""
