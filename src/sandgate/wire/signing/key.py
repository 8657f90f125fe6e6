"""`SigningKey`: what a secret is made into for one day, region and service."""

from __future__ import annotations

import hashlib

__all__ = ["SigningKey"]

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class SigningKey:
    """A key whose HMAC is begun already (RFC 2104, 4), since the same few keys sign every call of a run.

    Args:
        key: the derived key.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def sign(self, text: str) -> str:
        """The hexadecimal signature of `text`."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text.encode("utf-8", "surrogateescape"))
        outer.update(inner.digest())
        return outer.hexdigest()
