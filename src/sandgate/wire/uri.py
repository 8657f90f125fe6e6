"""Strict percent-decoding of paths and query strings (RFC 3986, 2.1): what has two readings is refused."""

from __future__ import annotations

import re
from urllib.parse import unquote

from sandgate.wire.malformed import MalformedError

__all__ = ["Pairs", "decode", "form_pairs", "one_of_each"]

Pairs = tuple[tuple[str, str], ...]

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode(text: str) -> str:
    """Percent-decode `text`.

    Raises:
        ValueError: an escape is broken, or the bytes are not UTF-8.
    """
    if "%" in text:
        if _BAD_ESCAPE.search(text):
            raise MalformedError("a percent escape is broken")
        text = unquote(text, errors="strict")
    if not text.isascii():
        text.encode()  # raw bytes that the HTTP parser could not decode arrive as lone surrogates
    return text


def form_pairs(text: str) -> Pairs:
    """Split `a=b&c=d` and decode both sides; `+` is a space, as in forms and as S3 reads queries.

    Raises:
        ValueError: as `decode`.
    """
    pairs = []
    for part in text.split("&"):
        if part:
            key, _, value = part.replace("+", " ").partition("=")
            pairs.append((decode(key), decode(value)))
    return tuple(pairs)


def one_of_each(pairs: Pairs) -> dict[str, str]:
    """The pairs as a mapping.

    Raises:
        ValueError: a key comes twice.
    """
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise MalformedError("a key comes twice")
    return mapping
