"""Globs as IAM knows them: `*` for any text, also none, `?` for one character; nothing else is special.

A pattern is a tuple of literal texts and wildcards, so that a `*` which came out of a variable stays a letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

__all__ = ["ONE", "STAR", "Matcher", "Pattern", "Wild", "is_literal", "joined", "matcher", "pattern"]


class Wild(Enum):
    """A wildcard."""

    STAR = "*"
    ONE = "?"


STAR: Final = Wild.STAR
ONE: Final = Wild.ONE

Pattern = tuple[str | Wild, ...]
Matcher = Callable[[str], bool]

_PIECES = re.compile(r"[*?]|[^*?]+")


def pattern(text: str) -> Pattern:
    """The pattern that a text with wildcards means."""
    return tuple(Wild(piece) if piece in ("*", "?") else piece for piece in _PIECES.findall(text))


def joined(parts: Iterable[str | Wild]) -> Pattern:
    """The same pattern with neighbouring literals in one piece, and with `?` before `*` and one `*` where they meet."""
    out: list[str | Wild] = []
    for part in parts:
        if isinstance(part, str):
            if part and out and isinstance(out[-1], str):
                out[-1] += part
            elif part:
                out.append(part)
        elif not out or out[-1] is not STAR:
            out.append(part)
        elif part is ONE:
            out.insert(-1, ONE)
    return tuple(out)


def is_literal(parts: Pattern) -> bool:
    """Whether the pattern matches one text only."""
    return all(isinstance(part, str) for part in parts)


def matcher(parts: Pattern) -> Matcher:
    """A test of whole texts, case-sensitive.

    The usual shapes (literal, prefix, suffix) need no regular expression. Time is linear in the text times the
    number of wildcards for every pattern: the leftmost place of a piece between two stars is always good enough.
    """
    parts = joined(parts)
    if is_literal(parts):
        return "".join(map(str, parts)).__eq__
    match parts:
        case (Wild.STAR,):
            return _anything
        case (str(text), Wild.STAR):
            return _prefix(text)
        case (Wild.STAR, str(text)):
            return _suffix(text)
        case (str(start), Wild.STAR, str(end)):
            return _around(start, end)
    return _expression(parts)


def _anything(_text: str) -> bool:
    return True


def _prefix(start: str) -> Matcher:
    return lambda text: text.startswith(start)


def _suffix(end: str) -> Matcher:
    return lambda text: text.endswith(end)


def _around(start: str, end: str) -> Matcher:
    shortest = len(start) + len(end)
    return lambda text: len(text) >= shortest and text.startswith(start) and text.endswith(end)


def _expression(parts: Pattern) -> Matcher:
    """Atomic groups between stars: what lies after a star is never tried at a second place."""
    pieces: list[str] = [""]
    for part in parts:
        if part is STAR:
            pieces.append("")
        else:
            pieces[-1] += "." if part is ONE else re.escape(str(part))
    first, *middle, last = pieces if len(pieces) > 1 else [*pieces, ""]
    between = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    tail = f".*{last}" if len(pieces) > 1 else ""
    found = re.compile(f"{first}{between}{tail}", re.DOTALL).fullmatch
    return lambda text: found(text) is not None
