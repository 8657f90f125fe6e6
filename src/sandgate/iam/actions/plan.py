"""The plan of an operation: its rules, put together once from the tables and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandgate.iam.actions.ask import Ask, Each, Key, Predicate, Tags
from sandgate.iam.actions.forms import PLACE, compiled, variables_of
from sandgate.iam.actions.readers import READERS
from sandgate.iam.actions.resolve import Resource, Template, Variable
from sandgate.iam.actions.scope import Source
from sandgate.iam.actions.table import Table, table, unmapped
from sandgate.iam.actions.unmapped import Unmapped
from sandgate.iam.catalog import Action, catalog

__all__ = ["Plan", "plan"]

_ROLE = "iam-role"
_NOT_OURS = ".!~(arn:[^:]*:kms:[^:]*:[^:]*:)?alias/aws/[a-z0-9-]+"
"""Keys that AWS manages serve everybody through their service (KMS Developer Guide, "AWS managed keys")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an operation asks."""

    asks: Sequence[Ask] = ()
    """None for an operation that needs no permission."""
    free_unsigned: bool = False
    """Whether a call without a signature needs none."""
    bearer: bool = False
    """Whether a call that names nothing needs none: its token is the permission."""


@cache
def plan(service: str, operation: str) -> Plan:
    """The plan of an operation.

    Args:
        service: botocore's name.
        operation: operation name.

    Raises:
        Unmapped: no table or catalogue says what it needs.
    """
    known = table(service)
    name = f"{service}.{operation}"
    if operation in known.free:
        return Plan()
    reason = unmapped().get(service, {}).get(operation)
    if reason is not None:
        raise Unmapped(reason, operation=name)
    return Plan(
        asks=tuple(_Maker(known, operation, dict(rule)).ask() for rule in _rules(known, operation)),
        free_unsigned=operation in known.free_unsigned,
        bearer=operation in known.bearer,
    )


def _rules(known: Table, operation: str) -> Iterator[Mapping[str, Any]]:
    """The operation's own rules, then those that its members bring: tags, roles, keys."""
    entry = known.operations.get(operation, {})
    listed = entry if isinstance(entry, list) else [entry]
    own = [{"action": rule} if isinstance(rule, str) else rule for rule in listed]
    yield from own
    tagging = known.tag_with.get(operation, known.tag_with.get("*", ""))
    first = own[0]
    if tagging and first.get("action", operation) != tagging and not operation.startswith("Untag"):
        paths = "|".join(path for tags in known.tags if tags.get("each") for path in tags["from"])
        on = first.get("on") or _default_on(known, first.get("action", operation))
        yield {"action": tagging, "on": on, "when": paths, "with": first.get("with", {}), "named": "on" not in first}
    target = known.passed_to.get(operation, known.passed_to.get("*", ""))
    for path in known.roles.get(operation, ()):
        keys = {"iam:PassedToService": f"={target}"} if target else {}
        yield {"action": "iam:PassRole", "on": _ROLE, "each": path, "when": ".!=", "keys": keys}
    for rule in known.forward:
        if operation in rule["operations"]:
            when = [".!=", _NOT_OURS, *_listed(rule.get("when", ()))]
            for action in rule["actions"]:
                yield {
                    "action": f"kms:{action}",
                    "on": "kms-key",
                    "each": rule["key"],
                    "when": when,
                    "via": rule.get("via", known.prefix),
                    "keys": {"kms:RequestAlias": {"type": "used-alias"}},
                }


def _default_on(known: Table, action: str) -> list[str]:
    found = _Maker(known, "", {"action": action}).catalogued()
    return [kind if required else f"{kind}?" for kind, required in found.types.items()] or ["*"]


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


class _Maker:
    """Compiles one rule."""

    def __init__(self, known: Table, operation: str, rule: dict[str, Any]) -> None:
        self._table = known
        self._operation = operation
        self._rule = rule
        spec = rule.get("action", operation)
        self._prefix, _, self._action = spec.rpartition(":")
        self._prefix = self._prefix or known.prefix
        self._types = {**{kind.name: kind.arn for kind in catalog(self._prefix).types.values()}, **known.types}

    def catalogued(self) -> Action:
        """The catalogue's entry of the action.

        Raises:
            Unmapped: there is none; then the operation has a name of its own, and nobody has said what it needs.
        """
        found = catalog(self._prefix).action(self._action)
        if found is None:
            raise Unmapped(
                f"the catalogue has no action {self._prefix}:{self._action}",
                operation=f"{self._table.service}.{self._operation}",
            )
        return found

    def ask(self) -> Ask:
        """The rule, compiled."""
        rule, action = self._rule, self.catalogued()
        on = rule.get("on")
        if on is None:
            listed = [kind if required else f"{kind}?" for kind, required in action.types.items()]
        else:
            listed = [] if on in ("*", ["*"]) else _listed(on)
        when = [self._predicate(text) for text in _listed(rule.get("when", ()))]
        each = rule.get("each")
        return Ask(
            operation=f"{self._table.service}.{self._operation}",
            action=f"{self._prefix}:{action.name}",
            resources=tuple(self._resource(entry) for entry in listed),
            named=self._named(action) if listed and (on is None or rule.get("named")) else None,
            any_of=bool(listed) and all(entry.endswith("?") for entry in listed),
            each=None if each is None else self._each(each),
            when=tuple(when),
            keys=tuple(self._keys(action)),
            tags=tuple(self._tags(action)),
            via=rule.get("via", ""),
            refuse=rule.get("refuse", ""),
            accounts=() if listed else self._accounts(),
        )

    def _accounts(self) -> tuple[Source, ...]:
        entry = self._table.variables.get("Account", {})
        return tuple(
            Source.of(path) for path in _listed(entry.get("from", ()) if isinstance(entry, Mapping) else entry)
        )

    def _each(self, spec: str) -> Each:
        path, _, reader = spec.partition(">")
        return Each(source=Source.of(path), reader=READERS[reader] if reader else None)

    @staticmethod
    def _predicate(text: str) -> Predicate:
        if "!~" in text:
            path, _, pattern = text.partition("!~")
            return Predicate(sources=(Source.of(path),), pattern=re.compile(pattern, re.DOTALL))
        path, equals, value = text.partition("=")
        unlike, absent = path.endswith("!"), path.startswith("!")
        sources = tuple(Source.of(entry) for entry in path.strip("!").split("|"))
        values = frozenset(value.split("|")) if equals else None
        return Predicate(sources=sources, absent=absent, values=values, unlike=unlike)

    def _resource(self, spec: str) -> Resource:
        name = spec.removesuffix("?")
        templates = [template for part in name.split("|") for template in self._templates(part)]
        return Resource(name=name, templates=tuple(templates), optional=spec.endswith("?"))

    def _templates(self, part: str) -> Iterator[Template]:
        if part == "*":
            yield Template(pieces=("*",), variables=())
            return
        if part.startswith("&"):
            action = self.catalogued()
            forms = [self._types[kind] for kind in action.types] or list(self._types.values())
            yield self._whole((part[1:],), forms)
            return
        spec = part if part.startswith("arn:") else self._types.get(part)
        if spec is None:
            raise Unmapped(f"no resource type {part}", operation=f"{self._table.service}.{self._operation}")
        for template in _listed(spec):
            yield self._template(template, _listed(spec))

    def _named(self, action: Action) -> Resource | None:
        if not self._table.arns:
            return None
        forms = [self._types[kind] for kind in action.types]
        return Resource(name="resource", templates=(self._whole(self._table.arns, forms),))

    def _whole(self, paths: Sequence[str], forms: Sequence[str]) -> Template:
        """A template that is one member's whole text, an ARN of one of the forms."""
        readers = [
            re.compile(f"(?P<Arn>{compiled(form, self._patterns(form)).pattern})")
            for entry in forms
            for form in _listed(entry)
        ]
        sources = tuple(Source.of(path) for path in paths)
        return Template(pieces=("", "Arn", ""), variables=(Variable(name="Arn", sources=sources, forms=readers),))

    def _template(self, text: str, siblings: Sequence[str]) -> Template:
        names = variables_of(text)
        pieces, rest = [], text
        for name in names:
            before, _, rest = rest.partition("${" + name + "}")
            pieces += [before, name]
        bound = dict.fromkeys(name for name in names if name not in PLACE or self._spec(name) is not None)
        return Template(pieces=(*pieces, rest), variables=tuple(self._variable(name, siblings) for name in bound))

    def _spec(self, name: str) -> Any:
        return self._rule.get("with", {}).get(name, self._table.variables.get(name))

    def _variable(self, name: str, siblings: Sequence[str]) -> Variable:
        entry = self._table.variables.get(name, {})
        entry = {"from": entry} if isinstance(entry, str | list) else entry
        sources = self._rule.get("with", {}).get(name) or entry.get("from") or [name, name[:1].lower() + name[1:]]
        forms = [*entry.get("forms", ()), *self._single(name, siblings)]
        if entry.get("plain", True):
            forms.append("${" + name + "}")
        patterns = self._patterns(*forms)
        return Variable(
            name=name,
            sources=tuple(Source.of(path) for path in dict.fromkeys(_listed(sources))),
            forms=tuple(compiled(form, patterns) for form in dict.fromkeys(forms)),
        )

    def _single(self, name: str, siblings: Sequence[str]) -> Sequence[str]:
        """Templates that name this variable alone: an ARN may stand for the name.

        The type's own ones, so that the ARN of another type is not taken for its name; where it has none (an index),
        any of the service.
        """
        every = [template for spec in self._types.values() for template in _listed(spec)]
        for templates in (siblings, every):
            found = [template for template in templates if set(variables_of(template)) - set(PLACE) == {name}]
            if found:
                return found
        return ()

    def _patterns(self, *forms: str) -> tuple[tuple[str, str], ...]:
        """What the variables of forms may hold, where the table says it."""
        names = dict.fromkeys(name for form in forms for name in variables_of(form))
        known = {name: self._table.variables.get(name) for name in names}
        return tuple(
            (name, spec["text"]) for name, spec in known.items() if isinstance(spec, Mapping) and "text" in spec
        )

    def _keys(self, action: Action) -> Iterator[Key]:
        set_by = {key.lower() for key in action.keys}
        known = {name: spec for name, spec in self._table.keys.items() if name.lower() in set_by}
        for name, spec in {**known, **self._rule.get("keys", {})}.items():
            if isinstance(spec, Mapping):
                yield Key(name=name.lower(), source=self._resource(spec["type"]))
            else:
                yield Key(name=name.lower(), source=Source.of(spec))

    def _tags(self, action: Action) -> Iterator[Tags]:
        set_by = tuple(key.lower().partition("${")[0].partition("<")[0] for key in action.keys)
        for entry in self._table.tags:
            each, names = entry.get("each", "").lower(), entry["names"].lower()
            if each in set_by or names in set_by:
                sources = tuple(Source.of(path) for path in entry["from"])
                yield Tags(sources=sources, each=each if each in set_by else "", names=names)
