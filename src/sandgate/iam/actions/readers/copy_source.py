"""`copy-source`: the object that CopyObject and UploadPartCopy read.

Source: S3 API Reference, CopyObject, `x-amz-copy-source`: `bucket/key` or the ARN of an access point with
`/object/key`, URL-encoded, then `?versionId=`. The version is split off before the one decoding, so that an encoded
`?` belongs to the key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_VERSION = re.compile(r"versionId=([A-Za-z0-9._/+=-]+)")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _read(value: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(value, str):
        raise ValueError("CopySource is not text")  # noqa: TRY004 - the one error of readers
    encoded, mark, query = value.removeprefix("/").partition("?")
    version = _VERSION.fullmatch(query)
    if mark and version is None:
        raise ValueError("CopySource has a query that is not one versionId")
    if _BROKEN.search(encoded):
        raise ValueError("CopySource has a percent sign that encodes nothing")
    try:
        path = unquote_to_bytes(encoded).decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise ValueError("CopySource is not UTF-8") from None
    bucket, slash, key = path.partition("/")
    if bucket.startswith("arn:"):
        # An access point's ARN has a slash itself: arn:…:accesspoint/NAME/object/KEY.
        bucket, slash, key = path.partition("/object/")
    if not (bucket and slash and key):
        raise ValueError("CopySource does not name a bucket and a key")
    yield {"Bucket": bucket, "Key": key, **({"VersionId": version[1]} if version else {})}


READER = Reader(name="copy-source", read=_read)
