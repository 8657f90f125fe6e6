"""CBOR as Smithy's RPC v2 uses it (RFC 8949): text keys, each once, tag 1 alone, nothing after the item.

Written here because general decoders build objects for tags (shared references, patterns, fractions) and let the last
of two equal keys win; both give a request a second reading.
"""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any

from sandgate.wire.malformed import MalformedError
from sandgate.wire.protocols._scalars import epoch
from sandgate.wire.protocols._tree import MAX_DEPTH

__all__ = ["dump_text_map", "load_cbor"]

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_INDEFINITE = 31
_BREAK = 0xFF
_EPOCH_TAG = 1
_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
_ARGUMENT_SIZES = {24: 1, 25: 2, 26: 4, 27: 8}
_DIRECT = 24


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise MalformedError("the CBOR body ends early")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise MalformedError("the request nests too deeply")
        initial = self.take(1)[0]
        major, info = initial >> 5, initial & 31
        if major in (_UNSIGNED, _NEGATIVE):
            return self.argument(info) if major == _UNSIGNED else -1 - self.argument(info)
        if major in (_BYTES, _TEXT):
            return self.string(major, info)
        if major in (_ARRAY, _MAP, _TAG):
            read = {_ARRAY: self.array, _MAP: self.map, _TAG: self.tag}[major]
            return read(info, depth)
        return self.simple(info)

    def simple(self, info: int) -> bool | float | None:
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info in _FLOATS:
            form, size = _FLOATS[info]
            number: float = struct.unpack(form, self.take(size))[0]
            return number
        raise MalformedError("the CBOR body holds a value that the protocol does not have")

    def argument(self, info: int) -> int:
        if info < _DIRECT:
            return info
        if info not in _ARGUMENT_SIZES:
            raise MalformedError("the CBOR body is broken")
        return int.from_bytes(self.take(_ARGUMENT_SIZES[info]), "big")

    def string(self, major: int, info: int) -> bytes | str:
        if info == _INDEFINITE:
            chunks = []
            while not self.ended():
                initial = self.take(1)[0]
                if initial >> 5 != major or initial & 31 == _INDEFINITE:
                    raise MalformedError("the CBOR body is broken")
                chunks.append(self.take(self.argument(initial & 31)))
            data = b"".join(chunks)
        else:
            data = self.take(self.argument(info))
        return data.decode() if major == _TEXT else data

    def ended(self) -> bool:
        if self.data[self.at : self.at + 1] == b"\xff":
            self.at += 1
            return True
        return False

    def count(self, info: int) -> int:
        """How many items follow; refused when the rest of the body cannot hold them."""
        size = self.argument(info)
        if size > len(self.data) - self.at:
            raise MalformedError("the CBOR body ends early")
        return size

    def array(self, info: int, depth: int) -> list[Any]:
        if info != _INDEFINITE:
            return [self.item(depth + 1) for _ in range(self.count(info))]
        items = []
        while not self.ended():
            items.append(self.item(depth + 1))
        return items

    def map(self, info: int, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        left = -1 if info == _INDEFINITE else self.count(info)
        while left:
            if left < 0 and self.ended():
                break
            key = self.item(depth + 1)
            if type(key) is not str:
                raise MalformedError("a CBOR map has a key that is not text")
            if key in out:
                raise MalformedError("a CBOR map holds a key twice")
            out[key] = self.item(depth + 1)
            left -= 1
        return out

    def tag(self, info: int, depth: int) -> datetime:
        tag = self.argument(info)
        value = self.item(depth + 1)
        if tag != _EPOCH_TAG or type(value) not in (int, float):
            raise MalformedError("the CBOR body holds a tag that the protocol does not have")
        return epoch(value)


def load_cbor(body: bytes) -> Any:
    """Parse one CBOR item that fills the body.

    Raises:
        MalformedError: anything else.
    """
    reader = _Reader(body)
    try:
        value = reader.item(0)
    except UnicodeDecodeError:
        raise MalformedError("the CBOR body holds text that is not UTF-8") from None
    if reader.at != len(body):
        raise MalformedError("something follows the CBOR body")
    return value


def dump_text_map(members: dict[str, str]) -> bytes:
    """Write a map from text to text, all that an error needs."""
    return _head(_MAP, len(members)) + b"".join(_text(key) + _text(value) for key, value in members.items())


def _text(value: str) -> bytes:
    data = value.encode()
    return _head(_TEXT, len(data)) + data


def _head(major: int, argument: int) -> bytes:
    if argument < _DIRECT:
        return bytes([major << 5 | argument])
    return bytes([major << 5 | 26]) + argument.to_bytes(4, "big")
