"""`BinaryEquals`: the bytes that base64 stands for."""

from __future__ import annotations

import binascii

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern

__all__ = ["FAMILY"]


def _bytes(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text.encode(), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _prepare(pattern: Pattern) -> Test:
    wanted = _bytes(text_of(pattern))
    if wanted is None:
        raise ValueError(f"{text_of(pattern)!r} is not base64")

    def compare(value: str) -> bool | None:
        found = _bytes(value)
        return None if found is None else found == wanted

    return compare


FAMILY = Family(name="binary", operators=(Operator(name="BinaryEquals", prepare=_prepare),))
