"""A reader: takes one value of a call apart into items, where that is not data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Reader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A case of the registry: one file in `readers/` exports one as `READER`; tables name it after `>`."""

    name: str
    read: Callable[[object], Iterator[Mapping[str, object]]]
    """Yields items with the members that rules look up; raises `ValueError` with a reason, never guesses."""
