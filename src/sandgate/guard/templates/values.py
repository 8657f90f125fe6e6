"""Values that are not known before the stack exists: marks in texts, and values that cannot be known at all.

A mark stands for the value of a member, such as its generated name: private-use characters around the logical id.
A template or parameter that holds such a character is refused, so a mark is always ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = [
    "FORGED", "INNER", "NO_VALUE", "RANDOM", "NoValue", "Unknown", "from_above", "from_below", "mark", "marked",
    "shown", "substitute",
]  # fmt: skip

_OPEN, _CLOSE = "\ue000", "\ue001"
INNER: Final = "\ue002"
"""In a mark: after a nested stack for a value of its member; first, for a value of the stack above."""
FORGED: Final = re.compile(f"[{_OPEN}{_CLOSE}{INNER}\ud800-\udfff]")
"""Characters that no template may hold: our marks, and halves of characters, which cannot be written anywhere."""
_MARK = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
RANDOM: Final = "XXXXXXXXXXXX"
"""Stands for what CloudFormation or a service makes up."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be known before the stack exists, and why."""

    why: str
    harmless: bool = False
    """No name is made of it: a zone, a range of addresses, an encoded text."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """`AWS::NoValue`: the property is not there."""


NO_VALUE: Final = NoValue()


def mark(logical_id: str, attribute: str = "") -> str:
    """The text that stands for a value of a member until the stack exists."""
    return f"{_OPEN}{logical_id}{'.' if attribute else ''}{attribute}{_CLOSE}"


def from_above(text: str) -> str:
    """A text of a template as one that it names has it."""
    return _MARK.sub(lambda found: f"{_OPEN}{INNER}{found[1]}{_CLOSE}", text)


def from_below(text: str, logical_id: str) -> str:
    """A text of a nested template as the one above has it, whose resource has that logical id."""
    return _MARK.sub(lambda found: _OPEN + _lifted(found[1], logical_id) + _CLOSE, text)


def _lifted(inner: str, logical_id: str) -> str:
    return inner.removeprefix(INNER) if inner.startswith(INNER) else f"{logical_id}{INNER}{inner}"


def marked(text: str) -> bool:
    """Whether a text holds a value of a member."""
    return bool(_MARK.search(text))


def substitute(text: str, samples: dict[str, str]) -> str:
    """A text as it could be once the stack exists: generated names as in `samples`, by mark, other values made up."""
    return _MARK.sub(lambda found: samples.get(found[0], RANDOM), text)


def shown(value: object) -> str:
    """A value for people: marks as `${Table.Arn}`, long texts cut."""
    if isinstance(value, Unknown):
        return value.why
    text = _MARK.sub(r"${\1}", value if isinstance(value, str) else repr(value)).replace(INNER, ">")
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004 - one line of a terminal, twice
