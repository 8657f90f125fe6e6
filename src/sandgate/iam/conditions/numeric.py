"""Numeric operators; whole numbers and decimals, compared exactly."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern

__all__ = ["FAMILY"]

_PLACES = 64
_NUMBER = re.compile(r"[+-]?\d{1,64}(\.\d{1,64})?", re.ASCII)


def _number(text: str) -> int | None:
    """The number times a power of ten that makes every legal one whole."""
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(_PLACES, "0"))


def _compare(test: Callable[[int, int], bool]) -> Callable[[Pattern], Test]:
    def prepare(pattern: Pattern) -> Test:
        wanted = _number(text_of(pattern))
        if wanted is None:
            raise ValueError(f"{text_of(pattern)!r} is not a number")

        def compare(value: str) -> bool | None:
            number = _number(value)
            return None if number is None else test(number, wanted)

        return compare

    return prepare


FAMILY = Family(
    name="numeric",
    operators=(
        Operator(name="NumericEquals", prepare=_compare(operator.eq)),
        Operator(name="NumericNotEquals", prepare=_compare(operator.eq), negated=True),
        Operator(name="NumericLessThan", prepare=_compare(operator.lt)),
        Operator(name="NumericLessThanEquals", prepare=_compare(operator.le)),
        Operator(name="NumericGreaterThan", prepare=_compare(operator.gt)),
        Operator(name="NumericGreaterThanEquals", prepare=_compare(operator.ge)),
    ),
)
