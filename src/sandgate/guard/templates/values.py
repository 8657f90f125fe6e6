"""Values that are not known before the stack exists: marks in texts, and values that cannot be known at all.

A mark stands for the value of a member, such as its generated name: private-use characters around the logical id.
A template or parameter that holds such a character is refused, so a mark is always ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["FORGED", "NO_VALUE", "RANDOM", "NoValue", "Unknown", "mark", "marked", "shown", "substitute"]

_OPEN, _CLOSE = "\ue000", "\ue001"
FORGED: Final = re.compile(f"[{_OPEN}{_CLOSE}\ud800-\udfff]")
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
    text = _MARK.sub(r"${\1}", value if isinstance(value, str) else repr(value))
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004 - one line of a terminal, twice
