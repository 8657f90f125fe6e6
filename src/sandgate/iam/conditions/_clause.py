"""One operator, one key, its wanted values: read once, then a test of request contexts.

Where the documentation is silent the answer that refuses is taken: an `Allow` then does not match, a `Deny` does. That
concerns values that cannot be compared (a number that is none) and several values under an operator without set prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from sandgate.core.registry import discover, nearest
from sandgate.iam.conditions._model import Family, Operator, Test
from sandgate.iam.variables import Context, Template, Variable, has_variables, resolve, template

__all__ = ["Check", "Reading", "UnknownOperator", "compile_clause", "operators", "read_operator"]

Check = Callable[[Context], bool]
_One = Callable[[str, Context], bool]
_ALL, _ANY = "ForAllValues:", "ForAnyValue:"


class UnknownOperator(ValueError):
    """There is no such condition operator; the text names the nearest."""


class Reading(NamedTuple):
    """An operator as a policy spells it, taken apart."""

    operator: Operator
    every: bool
    some: bool
    if_exists: bool


@cache
def operators() -> Mapping[str, Operator]:
    """Every operator by name, sorted."""
    families = discover("sandgate.iam.conditions", "FAMILY", Family)
    return MappingProxyType(dict(sorted((op.name, op) for family in families.values() for op in family.operators)))


def read_operator(name: str) -> Reading:
    """`ForAllValues:StringLikeIfExists`, read.

    Raises:
        UnknownOperator: the name is none, or `Null` has a prefix or suffix.
    """
    every, some = name.startswith(_ALL), name.startswith(_ANY)
    bare = name.removeprefix(_ALL).removeprefix(_ANY)
    if_exists = bare.endswith("IfExists")
    found = operators().get(bare.removesuffix("IfExists"))
    if found is None:
        prefix = _ALL if every else _ANY if some else ""
        close = nearest(bare.removesuffix("IfExists"), operators())
        advice = f"did you mean {prefix}{close}{'IfExists' if if_exists else ''}? " if close else ""
        raise UnknownOperator(f"{advice}known: {', '.join(operators())}")
    if found.presence and name != found.name:
        raise UnknownOperator(f"{found.name} has no set prefix and no IfExists")
    return Reading(operator=found, every=every, some=some, if_exists=if_exists)


def compile_clause(operator: str, key: str, wanted: Iterable[str], *, variables: bool, allow: bool) -> Check:
    """A test of contexts.

    Args:
        operator: as the policy spells it.
        key: condition key in any case.
        wanted: the values; any of them fits, or with a negated operator none.
        variables: whether the document's version knows policy variables.
        allow: the effect of the statement; decides what the documentation leaves open.

    Raises:
        UnknownOperator: no such operator.
        ValueError: a wanted value is malformed, or holds variables where there are none.
    """
    reading = read_operator(operator)
    kind = reading.operator
    key = key.lower()
    texts = [template(value, variables=variables, wildcards=kind.wildcards) for value in wanted]
    if not kind.variables and any(has_variables(text) for text in texts):
        raise ValueError(f"{kind.name} takes no policy variables; string and ARN operators do")
    one = _one(kind, texts, doubt=not allow)
    if kind.presence:
        return lambda context: one("false" if context.get(key) else "true", context)
    return _quantified(reading, key, one, allow=allow)


def _one(kind: Operator, texts: list[Template], *, doubt: bool) -> _One:
    """A test of one value of the request."""
    negated = kind.negated
    fixed: list[Test] = []
    moving: list[tuple[Template, Test]] = []
    for text in texts:
        # What is malformed with some text in a variable's place is malformed with any.
        prepared = kind.prepare(tuple("x" if isinstance(part, Variable) else part for part in text))
        if has_variables(text):
            moving.append((text, _null(prepared)))
        else:
            fixed.append(prepared)

    def fits(value: str, tests: Iterable[Test]) -> bool:
        for test in tests:
            answer = test(value)
            if answer is None:
                return doubt
            if answer:
                return not negated
        return negated

    def with_values(value: str, context: Context) -> bool:
        resolved = ((resolve(text, context), null) for text, null in moving)
        return fits(value, (*fixed, *(null if found is None else kind.prepare(found) for found, null in resolved)))

    return with_values if moving else lambda value, _context: fits(value, fixed)


def _null(test: Test) -> Test:
    """A wanted value whose variables have none: equal and like to nothing, but still nothing that compares with all."""
    return lambda value: None if test(value) is None else False


def _quantified(reading: Reading, key: str, one: _One, *, allow: bool) -> Check:
    """A test of all values that the request has for the key."""
    if reading.every:
        return lambda context: all(one(value, context) for value in context.get(key, ()) if value)
    if reading.some:
        return lambda context: any(one(value, context) for value in context.get(key, ()))
    absent = reading.operator.negated or reading.if_exists
    several = all if allow else any

    def check(context: Context) -> bool:
        values = context.get(key)
        if not values:
            return absent
        if len(values) == 1:
            return one(values[0], context)
        return several([one(value, context) for value in values])

    return check
