"""Where a part of a template lies: the object of S3 that a URL or a location names, read one way only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sandgate.guard.templates.model import Source
from sandgate.guard.templates.values import Unknown, marked, shown
from sandgate.iam.actions.readers.s3_url import READER

__all__ = ["source_of"]

_ENCODED = re.compile(r"[%+]")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_KEY = re.compile(r"[^\x00-\x1f\x7f\\*?]{1,1024}")
_MEMBERS = frozenset({"Bucket", "ETag", "Key", "Version"})


def source_of(value: object) -> Source:
    """The object that a resolved value names.

    Args:
        value: `https://` in any style of S3, `s3://bucket/key`, or a mapping with `Bucket`, `Key` and `Version`.

    Raises:
        ValueError: it names none, or none that every reader takes for the same: a URL with percent-encoding or a plus
            sign is decoded by one and taken literally by the next. The text says why.
    """
    if isinstance(value, Unknown):
        raise ValueError(value.why)  # noqa: TRY004 - not a wrong type but a wrong place
    if isinstance(value, str):
        return _of_url(value)
    if isinstance(value, Mapping):
        return _of_members(value)
    raise ValueError("the place is neither a URL nor a bucket and a key")


def _of_url(url: str) -> Source:
    if marked(url):
        raise ValueError(f"{shown(url)} is not known before the stack exists")
    if _ENCODED.search(url.partition("?")[0]):
        raise ValueError("readers decode this URL differently; let the key be letters, digits and . _ - /")
    try:
        (found,) = READER.read(url)
    except ValueError as error:
        raise ValueError(f"{shown(url.partition('?')[0])}: {error}") from None
    return _checked(str(found["Bucket"]), str(found["Key"]), str(found.get("VersionId", "")))


def _of_members(location: Mapping[object, object]) -> Source:
    texts = {str(key): text for key, text in location.items()}
    unknown = next((text for text in texts.values() if isinstance(text, Unknown)), None)
    if unknown is not None:
        raise ValueError(unknown.why)
    wrong = [key for key, text in texts.items() if not isinstance(text, str) or marked(text) or key not in _MEMBERS]
    if wrong or not {"Bucket", "Key"} <= texts.keys():
        raise ValueError(f"{shown(texts)} is not a bucket and a key that are known before the stack exists")
    return _checked(str(texts["Bucket"]), str(texts["Key"]), str(texts.get("Version", "")))


def _checked(bucket: str, key: str, version: str) -> Source:
    steps = key.split("/")
    if not _BUCKET.fullmatch(bucket) or not _KEY.fullmatch(key) or {"", ".", ".."} & set(steps):
        raise ValueError(f"{shown(f's3://{bucket}/{key}')} is not the plain name of an object")
    return Source(bucket=bucket, key=key, version=version)
