"""String operators; values may hold variables, and wildcards with `Like`."""

from __future__ import annotations

from sandgate.iam.conditions._model import Family, Operator, Test, text_of
from sandgate.iam.match import Pattern, matcher

__all__ = ["FAMILY"]


def _equals(wanted: Pattern) -> Test:
    return text_of(wanted).__eq__


def _equals_ignoring_case(wanted: Pattern) -> Test:
    text = text_of(wanted).casefold()
    return lambda value: value.casefold() == text


FAMILY = Family(
    name="strings",
    operators=(
        Operator(name="StringEquals", prepare=_equals, variables=True),
        Operator(name="StringNotEquals", prepare=_equals, variables=True, negated=True),
        Operator(name="StringEqualsIgnoreCase", prepare=_equals_ignoring_case, variables=True),
        Operator(name="StringNotEqualsIgnoreCase", prepare=_equals_ignoring_case, variables=True, negated=True),
        Operator(name="StringLike", prepare=matcher, variables=True, wildcards=True),
        Operator(name="StringNotLike", prepare=matcher, variables=True, wildcards=True, negated=True),
    ),
)
