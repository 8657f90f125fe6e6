"""`s3-url`: the object that a URL of S3 names, as CloudFormation takes it for templates and policies.

Source: S3 User Guide, "Virtual hosting of general purpose buckets", "Using dual-stack endpoints"; `s3://` as in
RegisterType. A URL of this machine is path-style: tools that upload through a gate name it so, and AWS cannot reach it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_URL = re.compile(
    r"(?P<scheme>https?|s3)://(?P<host>[A-Za-z0-9._\[\]:-]+)/(?P<path>[^?#\\\x00-\x20\x7f]+)"
    r"(?:\?versionId=(?P<version>[A-Za-z0-9._-]+))?",
    re.IGNORECASE,
)
_S3 = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])\.)?"
    r"s3(?:-fips)?(?:[.-](?:dualstack\.)?(?:[a-z]{2}|eusc)(?:-[a-z]{2,})?-[a-z]+-\d+)?\.amazonaws\.com(?:\.cn)?(?::443)?"
)
_HERE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


def _read(value: object) -> Iterator[Mapping[str, object]]:
    found = _URL.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a URL of an object in S3")
    bucket, key = _place(found["scheme"].lower(), found["host"].lower(), _decoded(found["path"]))
    if not _BUCKET.fullmatch(bucket) or not key or any(part in (".", "..") for part in key.split("/")):
        raise ValueError("not a URL of an object in S3")
    yield {"Bucket": bucket, "Key": key, **({"VersionId": found["version"]} if found["version"] else {})}


def _place(scheme: str, host: str, path: str) -> tuple[str, str]:
    """Bucket and key.

    Raises:
        ValueError: the host is none of S3.
    """
    if scheme == "s3":
        return host, path
    known = _S3.fullmatch(host)
    if known is None and not _HERE.fullmatch(host):
        raise ValueError("the URL's host is not S3")
    if known is not None and known["bucket"]:
        return known["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _decoded(path: str) -> str:
    """The path without percent-encoding.

    Raises:
        ValueError: what comes out is no text, or begins with a slash, which servers may take away.
    """
    try:
        text = unquote_to_bytes(path).decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise ValueError("the URL is not UTF-8") from None
    if text.startswith("/") or "//" in text or any(ord(sign) < 32 or sign in "\x7f\\" for sign in text):  # noqa: PLR2004 - control characters
        raise ValueError("not a URL of an object in S3")
    return text


READER = Reader(name="s3-url", read=_read)
