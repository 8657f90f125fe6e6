"""CBOR bodies (RFC 8949, smithy rpc-v2-cbor): a walk over heads and lengths."""

from __future__ import annotations

from datetime import datetime

import cbor2

from sandgate.rewrite.document import Document, Found, RewriteError, Steps, follow

__all__ = ["read_cbor"]

_MAX_DEPTH = 64
_BREAK = 0xFF
_INDEFINITE = 31
_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7


def read_cbor(body: bytes, steps: Steps) -> Document:
    """Find members of a CBOR body.

    Raises:
        RewriteError: it is no CBOR.
    """
    walker = _Walker(body)
    try:
        end = walker.value(0, steps, "", 0, 0)
    except (IndexError, ValueError, cbor2.CBORDecodeError):
        raise RewriteError("the body is not CBOR") from None
    if end != len(body):
        raise RewriteError("something follows the CBOR document")
    return Document(body, walker.found, cbor2.dumps)


class _Walker:
    def __init__(self, body: bytes) -> None:
        self.found: list[Found] = []
        self._body = body

    def value(self, at: int, steps: Steps, path: str, parent: int, depth: int) -> int:
        """Go over the item at a position; returns where it ends."""
        if depth > _MAX_DEPTH:
            raise ValueError("too deep")
        start = at
        major, length, at = self._head(at)
        if major == _MAP:
            return self._members(start, at, length, steps, path, depth)
        if major == _ARRAY:
            return self._entries(start, at, length, steps.get("[]", {}), f"{path}.[]" if path else "[]", depth)
        if major == _TAG:
            at = self.value(at, {}, path, parent, depth + 1)
        elif major in {_BYTES, _TEXT}:
            at = self._chunks(at, depth) if length is None else at + length
        elif length is None:
            raise ValueError("a break out of place")
        if at > len(self._body):
            raise IndexError
        if "" in steps and major in {0, 1, _TEXT, _TAG, _SIMPLE}:
            value = cbor2.loads(self._body[start:at])
            text = value.isoformat() if isinstance(value, datetime) else str(value)
            self.found.append(Found(path, parent, start, at, text))
        return at

    def _head(self, at: int) -> tuple[int, int | None, int]:
        """Major type, argument (None when indefinite) and the position after the head (RFC 8949, 3)."""
        first = self._body[at]
        major, info = first >> 5, first & 31
        at += 1
        if info < 24:  # noqa: PLR2004 - the argument itself
            return major, info, at
        if info == _INDEFINITE:
            return major, None, at
        size = 1 << (info - 24)
        if size > 8 or at + size > len(self._body):  # noqa: PLR2004 - reserved, or cut off
            raise ValueError("a malformed head")
        return major, int.from_bytes(self._body[at : at + size]), at + size

    def _chunks(self, at: int, depth: int) -> int:
        while self._body[at] != _BREAK:
            at = self.value(at, {}, "", 0, depth + 1)
        return at + 1

    def _members(self, start: int, at: int, length: int | None, steps: Steps, path: str, depth: int) -> int:
        left = length
        while left is None or left > 0:
            if left is None and self._body[at] == _BREAK:
                return at + 1
            end = self.value(at, {}, "", 0, depth + 1)
            name = str(cbor2.loads(self._body[at:end])) if steps else ""
            step, below = follow(steps, name, wildcard="{}")
            at = self.value(end, below or {}, f"{path}.{step}" if path else step, start, depth + 1)
            left = None if left is None else left - 1
        return at

    def _entries(self, start: int, at: int, length: int | None, steps: Steps, path: str, depth: int) -> int:
        left = length
        while left is None or left > 0:
            if left is None and self._body[at] == _BREAK:
                return at + 1
            at = self.value(at, steps, path, start, depth + 1)
            left = None if left is None else left - 1
        return at
