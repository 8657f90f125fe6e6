"""Scalars as text, for paths, queries, headers, forms and XML; one reading only."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandgate.wire.malformed import MalformedError

__all__ = ["blob", "epoch", "text_decoder", "timestamp_decoder", "whole"]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_HTTP_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) "
    r"(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})? (?:GMT|UTC)",
    re.ASCII,
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMIT = 2**63

_Text = Callable[[str], object]


def whole(value: int) -> int:
    """The integer, if it fits 64 bits."""
    if not -_LIMIT <= value < _LIMIT:
        raise MalformedError("an integer is out of range")
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or text == "-0":
        raise MalformedError("not an integer in its one canonical form")
    return whole(int(text))


def _float(text: str) -> float:
    if text in _SPECIAL:
        return _SPECIAL[text]
    if not _FLOAT.fullmatch(text):
        raise MalformedError("not a number")
    value = float(text)
    if math.isinf(value):
        raise MalformedError("a number is out of range")
    return value


def _boolean(text: str) -> bool:
    if text == "true":
        return True
    if text == "false":
        return False
    raise MalformedError("neither true nor false")


def _string(text: str) -> str:
    return text


def blob(text: str) -> bytes:
    """Base64 without line breaks (RFC 4648, 3.1), padded."""
    try:
        value = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, binascii.Error):
        raise MalformedError("not base64") from None
    # Bits after the last byte must be zero (RFC 4648, 3.5), or two texts would mean the same bytes.
    if base64.b64encode(value).decode("ascii") != text:
        raise MalformedError("not base64 in its one canonical form")
    return value


def epoch(value: float) -> datetime:
    """Seconds since 1970, whole or with a fraction to the microsecond."""
    try:
        if isinstance(value, int):
            return _EPOCH + timedelta(seconds=value)
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise MalformedError("a timestamp is out of range") from None


def _iso8601(text: str) -> datetime:
    found = _ISO.fullmatch(text)
    if found is None:
        raise MalformedError("not an ISO 8601 timestamp")
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = found.groups()
    zone = UTC
    try:
        if sign:
            offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
            zone = timezone(offset if sign == "+" else -offset)
        micro = int((fraction or "0").ljust(6, "0")[:6])
        parts = (int(year), int(month), int(day), int(hour), int(minute), int(second))
        return datetime(*parts, micro, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedError("a timestamp is out of range") from None


def _http_date(text: str) -> datetime:
    found = _HTTP_DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        raise MalformedError("not an HTTP date")
    month = _MONTHS.index(found[2]) + 1
    try:
        return datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), int(found[6]), tzinfo=UTC)
    except ValueError:
        raise MalformedError("a timestamp is out of range") from None


def _epoch_text(text: str) -> datetime:
    if _INTEGER.fullmatch(text):
        return epoch(int(text))
    return epoch(_float(text))


_TIMESTAMPS: Mapping[str, Callable[[str], datetime]] = {
    "iso8601": _iso8601,
    "rfc822": _http_date,
    "unixtimestamp": _epoch_text,
}

_TEXT: Mapping[str, _Text] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "blob": blob,
}


def timestamp_decoder(shape: Mapping[str, Any], default: str) -> Callable[[str], datetime]:
    """The reader of a timestamp as text, in the model's format or the protocol's default for the place."""
    return _TIMESTAMPS[shape.get("timestampFormat", default).lower()]


def text_decoder(shape: Mapping[str, Any], timestamps: str) -> _Text:
    """The reader of a scalar as text.

    Args:
        shape: resolved shape of a scalar.
        timestamps: the format of timestamps that say none: `iso8601`, `rfc822` or `unixtimestamp`.
    """
    if shape["type"] == "timestamp":
        return timestamp_decoder(shape, timestamps)
    return _TEXT.get(shape["type"], _string)
