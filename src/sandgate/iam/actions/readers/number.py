"""`number`: a whole number as the text that ARNs hold, such as the version of a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_MOST = 10**18


def _read(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and not value.startswith("0"):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _MOST:
        raise ValueError("not a whole number above zero")
    yield {"Number": str(value)}


READER = Reader(name="number", read=_read)
