"""From members to ARNs: variables read texts by their forms, templates put together what they bound.

Nothing is replaced: where a text is an ARN, its own partition, region and account go into the result, so that a
resource outside is seen as what it is. What two members say of one variable must agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandgate.iam.actions.forms import PLACE
from sandgate.iam.actions.scope import Scope, Source

__all__ = ["Conflict", "Resource", "Template", "Variable"]

_MOST_KNOWN = 1_000
_Bound = Mapping[str, str]


class Conflict(Exception):
    """Members do not name one thing: they disagree, two are lists, or nothing says the region. Holds the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a template: where its text stands and how it may be written."""

    name: str
    sources: Sequence[Source]
    forms: Sequence[re.Pattern[str]]
    known: dict[str, _Bound | None] = field(default_factory=dict, compare=False, repr=False)
    """Texts that were read before: names repeat from call to call."""

    def read(self, text: object) -> _Bound | None:
        """What a text binds; None where no form reads it."""
        if not isinstance(text, str):
            return None
        if text in self.known:
            return self.known[text]
        if len(self.known) >= _MOST_KNOWN:
            self.known.clear()
        found = next((match for form in self.forms if (match := form.fullmatch(text))), None)
        bound = None if found is None else {key: value for key, value in found.groupdict().items() if value is not None}
        self.known[text] = bound
        return bound

    def bindings(self, scope: Scope) -> list[tuple[_Bound, str]]:
        """What its members bind: one entry as a rule, several where a member is a list, none where it is absent.

        Raises:
            Conflict: two members disagree.
        """
        found: list[tuple[_Bound, str]] = []
        sources = 0
        for source in self.sources:
            values = source.values(scope)
            if not values:
                continue
            sources += 1
            for value, where in values:
                bound = {self.name: source.constant} if source.constant is not None else self.read(value)
                if bound is None:
                    scope.misfits[where] = str(value)
                else:
                    found.append((bound, where))
                    scope.fits.add(where)
        if sources > 1 and len(found) > 1:
            merged = found[0][0]
            for other, _ in found[1:]:
                merged = _merged(merged, other)
            return [(merged, found[0][1])]
        return found


def _merged(one: _Bound, other: _Bound) -> _Bound:
    if not one:
        return other
    for key, value in other.items():
        if one.get(key, value) != value:
            raise Conflict(key)
    return {**one, **other}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An ARN with variables."""

    pieces: Sequence[str]
    """Texts and names of variables in turn, a text first."""
    variables: Sequence[Variable]
    """Those that members bind; what they do not, the place does."""

    def arns(self, scope: Scope) -> list[tuple[str, str]]:
        """ARN and place of each resource; none where a variable has no text.

        Raises:
            Conflict: members disagree, or two of them are lists.
        """
        rows: list[tuple[_Bound, str]] = []
        for variable in self.variables:
            found = variable.bindings(scope)
            if not found:
                if variable.name in PLACE:
                    continue
                return []
            if not rows:
                rows = found
                continue
            if len(rows) > 1 and len(found) > 1:
                raise Conflict(variable.name)
            rows = [(_merged(row, bound), place or where) for row, where in rows for bound, place in found]
        return [(self._filled(row, scope.place), where) for row, where in rows or [({}, "")]]

    def _filled(self, row: _Bound, place: _Bound) -> str:
        pieces = list(self.pieces)
        for number in range(1, len(pieces), 2):
            name = pieces[number]
            value = row.get(name) or place.get(name)
            if not value:
                raise Conflict(name)
            pieces[number] = value
        return "".join(pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What an action is asked on: the first template that can be filled, or `*`."""

    name: str
    templates: Sequence[Template]
    optional: bool = False

    def arns(self, scope: Scope) -> Sequence[tuple[str, str]]:
        """ARN and place of each resource.

        Raises:
            Conflict: as `Template.arns`.
        """
        for template in self.templates:
            found = template.arns(scope)
            if found:
                return found
        return ()

    def values(self, scope: Scope) -> Sequence[tuple[object, str]]:
        """The same, where a condition key holds an ARN."""
        return self.arns(scope)
