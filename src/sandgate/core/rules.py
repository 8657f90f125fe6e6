"""What a rule of refusals is, and how a remedy is written: as a line of configuration wherever one helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["NOTHING", "Rule", "heading", "is_option", "split_option"]

NOTHING = "nothing does"
"""How the remedy of a call begins that can only be replaced by another one."""
_OPTION = re.compile(r"[a-z_]+(?:\.[A-Za-z0-9_-]+)* = \S.*")
_INDENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule by which calls are refused."""

    code: str
    """What refusals and receipts call it; never changes."""
    text: str
    """When it refuses, one sentence."""
    remedy: str
    """What lets such a call pass; where nothing does, what to use instead."""
    final: bool = False
    """Whether nothing lets such a call pass."""


def is_option(remedy: str) -> bool:
    """Whether a remedy is a line of TOML for `[tool.sandgate]`."""
    return _OPTION.fullmatch(remedy) is not None


def heading(remedy: str) -> str:
    """What stands before a remedy, without the colon."""
    return "to allow it, in [tool.sandgate]" if is_option(remedy) else "to allow it"


def split_option(line: str, width: int) -> list[str]:
    """A line of TOML as lines that mean the same and stay within a width, as far as no string is torn.

    Lines end inside arrays only, since TOML 1.0 forbids it between braces ("Inline Table").

    Args:
        line: a whole `option = value`.
        width: columns.
    """
    return list(_split(line, width, ""))


def _split(text: str, width: int, indent: str) -> Iterator[str]:
    arrays = [] if len(indent) + len(text) <= width else _outermost(text)
    if not arrays:
        yield indent + text
        return
    # The one that takes most room; of an array that is left over after a split only its brackets are on this line.
    start, end = max(arrays, key=lambda found: found[1] - found[0])
    yield from _split(text[: start + 1], width, indent)
    for item in _items(text[start + 1 : end]):
        yield from _split(f"{item},", width, indent + " " * _INDENT)
    yield from _split(text[end:], width, indent)


def _outermost(text: str) -> list[tuple[int, int]]:
    """Places of the brackets of arrays with something in them that are in no other array."""
    found: list[tuple[int, int]] = []
    depth, start = 0, 0
    for at, character in _syntax(text):
        if character == "[":
            depth += 1
            start = at if depth == 1 else start
        elif character == "]" and depth:
            depth -= 1
            if depth == 0 and at > start + 1:
                found.append((start, at))
    return found


def _items(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for at, character in _syntax(text):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


def _syntax(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside of strings, with their places."""
    quoted = escaped = False
    for at, character in enumerate(text):
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        else:
            yield at, character
