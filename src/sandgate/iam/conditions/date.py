"""Date operators; ISO 8601 as the W3C profiles it, or seconds since 1970. A time without a zone is UTC."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern

__all__ = ["FAMILY"]

_EPOCH = re.compile(r"\d{5,12}(\.\d{1,9})?", re.ASCII)
_CALENDAR = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)


def _instant(text: str) -> float | None:
    """Seconds since 1970."""
    if _EPOCH.fullmatch(text):
        return float(text)
    found = _CALENDAR.fullmatch(text)
    if not found:
        return None
    year, month, day, time = found.groups()
    try:
        moment = datetime.fromisoformat(f"{year}-{month or '01'}-{day or '01'}{(time or '').upper()}")
    except ValueError:  # a month 13
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _compare(test: Callable[[float, float], bool]) -> Callable[[Pattern], Test]:
    def prepare(pattern: Pattern) -> Test:
        wanted = _instant(text_of(pattern))
        if wanted is None:
            raise ValueError(f"{text_of(pattern)!r} is not a date such as 2026-11-21T09:00:00Z")

        def compare(value: str) -> bool | None:
            instant = _instant(value)
            return None if instant is None else test(instant, wanted)

        return compare

    return prepare


FAMILY = Family(
    name="date",
    operators=(
        Operator(name="DateEquals", prepare=_compare(operator.eq)),
        Operator(name="DateNotEquals", prepare=_compare(operator.eq), negated=True),
        Operator(name="DateLessThan", prepare=_compare(operator.lt)),
        Operator(name="DateLessThanEquals", prepare=_compare(operator.le)),
        Operator(name="DateGreaterThan", prepare=_compare(operator.gt)),
        Operator(name="DateGreaterThanEquals", prepare=_compare(operator.ge)),
    ),
)
