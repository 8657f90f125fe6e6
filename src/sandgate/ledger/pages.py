"""Lines of a ledger as items of the shared table, and back. Pure.

Lines that wait at the same time are one item, a page: it is written in one request, whole or not at all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LARGEST", "Page", "expiring", "is_expiring", "item_of", "missing", "page_of", "paged", "staying", "text_of"]

LARGEST = 300_000
"""Characters of a page; DynamoDB takes 400 KB an item, names and the rest included ("Quotas in Amazon DynamoDB")."""
_DIGITS = 12
_EXPIRES = "expires"
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some lines that follow each other."""

    run: str
    first: int
    """Number of the first of them in the run, from 0."""
    lines: tuple[str, ...]
    by: str
    """Owner of the lease that wrote it."""


def text_of(line: Mapping[str, Any]) -> str:
    """A line as the table has it: the same text for the same line, in ASCII."""
    return _encode(line)


def paged(run: str, first: int, lines: Sequence[str], by: str) -> Iterator[Page]:
    """Lines in as few pages as they fit; a line that is too long for any has one of its own.

    Args:
        run: its id.
        first: number of the first line.
        lines: as texts.
        by: owner of the lease.
    """
    start, size = 0, 0
    for number, line in enumerate(lines):
        if number > start and size + len(line) > LARGEST:
            yield Page(run=run, first=first + start, lines=tuple(lines[start:number]), by=by)
            start, size = number, 0
        size += len(line)
    if lines[start:]:
        yield Page(run=run, first=first + start, lines=tuple(lines[start:]), by=by)


def item_of(page: Page) -> dict[str, Any]:
    """A page as an item."""
    return {
        "run": {"S": page.run},
        "line": {"S": f"{page.first:0{_DIGITS}d}"},
        "by": {"S": page.by},
        "lines": {"L": [{"S": line} for line in page.lines]},
    }


def page_of(item: Mapping[str, Any]) -> Page:
    """An item as the page that it is.

    Raises:
        KeyError: it lacks something.
        ValueError: its number is none.
    """
    return Page(
        run=item["run"]["S"],
        first=int(item["line"]["S"]),
        lines=tuple(line["S"] for line in item["lines"]["L"]),
        by=item["by"]["S"],
    )


def expiring(item: Mapping[str, Any], expires: float) -> dict[str, Any]:
    """An item that DynamoDB removes after a moment.

    Args:
        item: of a page.
        expires: seconds since 1970.
    """
    return {**item, _EXPIRES: {"N": str(int(expires))}}


def staying(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item that DynamoDB does not remove."""
    return {name: value for name, value in item.items() if name != _EXPIRES}


def is_expiring(item: Mapping[str, Any]) -> bool:
    """Whether DynamoDB removes an item after a moment."""
    return _EXPIRES in item


def missing(have: Iterable[str], known: Iterable[str]) -> list[str]:
    """The lines of one side that the other has not, in their order; a line that stands twice must be there twice."""
    left = Counter(known)
    found = []
    for line in have:
        if left[line] > 0:
            left[line] -= 1
        else:
            found.append(line)
    return found
