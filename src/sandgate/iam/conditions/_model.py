"""What a family of condition operators is.

Source for every family: IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandgate.iam.match import Pattern

__all__ = ["Family", "Operator", "Test", "text_of"]

Test = Callable[[str], bool | None]
"""Whether one value of the request is as wanted; `None` where the value is nothing that can be compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operator:
    """One operator, without `IfExists` and set prefixes."""

    name: str
    prepare: Callable[[Pattern], Test]
    """Reads one wanted value; raises `ValueError` where it is malformed."""
    negated: bool = False
    """True when no wanted value fits, and when the key is absent."""
    variables: bool = False
    """Whether wanted values may hold policy variables."""
    wildcards: bool = False
    presence: bool = False
    """`Null`: asks whether the key is there, not what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """Operators that read their values alike."""

    name: str
    operators: tuple[Operator, ...]


def text_of(pattern: Pattern) -> str:
    """The text of a pattern that holds no wildcards."""
    return "".join(str(part) for part in pattern)
