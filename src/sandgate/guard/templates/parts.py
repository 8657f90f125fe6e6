"""Parts of a template that lie elsewhere: definitions of APIs and state machines, templates of nested stacks.

A nested template is examined as a stack of its own. Its values reach the template above as outputs, and those of the
template above reach it as parameters; marks are translated on the way, so that a member stays a member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandgate.guard.templates.model import Examined, Part, Problem, Source, Unreadable
from sandgate.guard.templates.resolve import Resolver
from sandgate.guard.templates.sources import source_of
from sandgate.guard.templates.values import RANDOM, Unknown, from_above, from_below, shown

__all__ = ["MAX_DEPTH", "NestedStacks", "Parts", "Stack"]

MAX_DEPTH = 5
"""Levels of nested templates."""
_MAX_STACKS = 100
"""Nested stacks that are examined in one template; the same template with other parameters counts again."""
_REMEDY = "put it into a bucket of the sandbox; `sandgate stack deploy` does that with files beside the template"
_PROPERTIES = frozenset({"NotificationARNs", "Parameters", "Tags", "TemplateURL", "TimeoutInMinutes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The stack that a template is for, and what it is given."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    inherited: Mapping[str, str | Unknown] | None = None
    """Parameters of a nested stack, in place of the call's."""
    samples: Mapping[str, str] = field(default_factory=dict)
    """Of the marks in them."""
    above: tuple[str, ...] = ()
    """The places of this template and of those above it, outermost first; none for the template of the call."""


class Parts:
    """The parts of one call.

    Args:
        given: by place, as `Source.text`.
        look: examines a nested template.
    """

    def __init__(self, given: Mapping[str, Part], look: Callable[[Mapping[str, Any], Stack, Parts], Examined]) -> None:
        self._given, self._look = given, look
        self._seen: dict[str, Examined] = {}

    def read(self, value: object, at: str) -> tuple[Source, Mapping[str, Any]] | Examined:
        """The part that a resolved value names, or why there is none.

        Args:
            value: a URL or a location.
            at: where in the template it stands.
        """
        try:
            source = source_of(value)
        except ValueError as error:
            return _wrong("unresolvable", at, "", str(error), _REMEDY)
        part = self._given.get(source.text)
        if part is None:
            return _wrong("unresolvable", at, source.text, "this part of the template was not read", _REMEDY, source)
        if isinstance(part, Unreadable):
            return _wrong(part.code, at, source.text, part.why, part.remedy)
        return source, part

    def examine(self, template: Mapping[str, Any], stack: Stack, at: str) -> Examined:
        """What a nested template would make.

        Args:
            template: as `read` gave it.
            stack: that it is for.
            at: where in the template above it is named.
        """
        source = stack.above[-1]
        if source in stack.above[:-1]:
            return _wrong("unresolvable", at, source, "the template nests itself", "let templates end somewhere")
        if len(stack.above) > MAX_DEPTH:
            why = f"templates are nested more than {MAX_DEPTH} deep"
            return _wrong("unresolvable", at, source, why, "nest fewer")
        key = repr((stack.above, stack.name, sorted((stack.inherited or {}).items())))
        if key not in self._seen:
            if len(self._seen) >= _MAX_STACKS:
                why = f"more than {_MAX_STACKS} nested stacks"
                return _wrong("unresolvable", at, source, why, "deploy them as stacks of their own")
            self._seen[key] = self._look(template, stack, self)
        return self._seen[key].within(at)


def _wrong(code: str, at: str, value: str, why: str, remedy: str, needed: Source | None = None) -> Examined:
    problem = Problem(code=code, path=shown(at), value=shown(value), why=why, remedy=remedy)
    return Examined(problems=(problem,), needed=(needed,) if needed else ())


class NestedStacks:
    """The nested stacks of one template under one assignment of its conditions.

    Args:
        resources: of the template.
        stack: that it is for.
        resolver: of the template.
        samples: of the template; those of nested members are added.
        parts: of the call.
    """

    def __init__(
        self,
        resources: Mapping[str, Mapping[str, Any]],
        *,
        stack: Stack,
        resolver: Resolver,
        samples: dict[str, str],
        parts: Parts,
    ) -> None:
        self._resources, self._stack, self._resolver = resources, stack, resolver
        self._samples, self._parts = samples, parts
        self._found: dict[str, Examined] = {}
        self._opened: set[str] = set()

    def examined(self, logical_id: str) -> Examined:
        """What one of them would make."""
        if logical_id not in self._found:
            self._opened.add(logical_id)
            try:
                found = self._examine(logical_id)
            finally:
                self._opened.discard(logical_id)
            self._found[logical_id] = found
            self._samples.update({from_below(key, logical_id): text for key, text in found.samples.items()})
        return self._found[logical_id]

    def output(self, logical_id: str, name: str) -> object:
        """What `Fn::GetAtt` of `Outputs.NAME` gives."""
        if logical_id in self._opened:
            return Unknown("nested stacks take each other's outputs in a circle")
        value = self.examined(logical_id).outputs.get(name)
        if isinstance(value, str):
            return from_below(value, logical_id)
        return value or Unknown(f"the output {name} of {logical_id} is not known before the stack exists")

    def _examine(self, logical_id: str) -> Examined:
        at, path = f"Resources.{logical_id}.TemplateURL", ("Resources", logical_id, "Properties")
        properties = self._resources[logical_id].get("Properties") or {}
        other = sorted(str(key) for key in properties.keys() - _PROPERTIES)
        if other:
            why = "this property of a nested stack is not known here"
            return _wrong("unresolvable", ".".join((*path, other[0])), "", why, "remove it")
        part = self._parts.read(self._resolver.resolve(properties.get("TemplateURL"), (*path, "TemplateURL")), at)
        if isinstance(part, Examined):
            return part
        given = self._resolver.resolve(properties.get("Parameters") or {}, (*path, "Parameters"))
        if not isinstance(given, Mapping):
            why = given.why if isinstance(given, Unknown) else "they are no mapping"
            return _wrong("unresolvable", ".".join((*path, "Parameters")), "", why, "write them out")
        source, template = part
        stack = Stack(
            name=f"{self._stack.name}-{logical_id}-{RANDOM}",
            inherited={str(key): _inherited(value) for key, value in given.items()},
            samples={from_above(key): text for key, text in self._samples.items()},
            above=(*self._stack.above, source.text),
        )
        return self._parts.examine(template, stack, at)


def _inherited(value: object) -> str | Unknown:
    """A parameter's value as the nested template has it."""
    if isinstance(value, Unknown):
        return value
    # The text of a boolean or a fraction differs between readers.
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        return Unknown("the value is not a text")
    return from_above(str(value))
