"""A rule of a plan: when it holds, and which access requests it then makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl

from sandgate.iam.actions.resolve import Conflict, Resource
from sandgate.iam.actions.scope import Scope, Source
from sandgate.iam.actions.unmapped import Unresolvable
from sandgate.iam.request import AccessRequest

__all__ = ["Ask", "Each", "Key", "Predicate", "Tags", "text_of"]

_Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A condition on members: there, absent, equal, different, or one of."""

    sources: Sequence[Source]
    absent: bool = False
    """Holds where none of the sources has a value."""
    values: frozenset[str] | None = None
    """Text that a value must have; None for any."""
    unlike: bool = False
    """Holds where there is a value with another text."""
    pattern: re.Pattern[str] | None = None
    """Holds where there is a value that this does not match as a whole."""

    def holds(self, scope: Scope) -> bool:
        """Whether it does."""
        if self.values is None and self.pattern is None:
            return any(source.values(scope) for source in self.sources) is not self.absent
        found = [text_of(value) for source in self.sources for value, _ in source.values(scope)]
        if self.pattern is not None:
            return any(self.pattern.fullmatch(text) is None for text in found)
        assert self.values is not None
        return any((text in self.values) is not self.unlike for text in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Each:
    """Where the items of a rule come from."""

    source: Source
    reader: Callable[[object], Iterator[Mapping[str, object]]] | None = None
    """Takes a value apart into items; raises `ValueError` with a reason where that cannot be done provably."""

    def items(self, scope: Scope) -> Iterator[tuple[object, str]]:
        """Every item with its place.

        Raises:
            ValueError: of the reader.
        """
        for value, where in self.source.values(scope):
            if self.reader is None:
                yield value, where
                continue
            for item in self.reader(value):
                yield item, where


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A condition key and where its values come from."""

    name: str
    source: Source | Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Members that hold tags, and the keys that they set."""

    sources: Sequence[Source]
    each: str
    """`aws:requesttag/`; empty where only names are sent."""
    names: str
    """`aws:tagkeys`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One rule, compiled."""

    operation: str
    action: str
    resources: Sequence[Resource]
    """Empty for `*`."""
    named: Resource | None = None
    """Members that hold the ARN of whatever the operation works on; where one is there, it alone counts."""
    any_of: bool = False
    """At least one of the optional resources must be named."""
    each: Each | None = None
    when: Sequence[Predicate] = ()
    keys: Sequence[Key] = ()
    tags: Sequence[Tags] = ()
    via: str = ""
    refuse: str = ""
    accounts: Sequence[Source] = ()
    """Members that name the account, for what is asked on `*`."""

    def requests(self, scope: Scope, base: _Context) -> Iterator[AccessRequest]:
        """What the rule asks in one call.

        Args:
            scope: the call as a whole.
            base: context that every request has.

        Raises:
            Unresolvable: what the call names is not provably one resource.
        """
        if self.each is None:
            yield from self._of(scope, base)
            return
        try:
            items = list(self.each.items(scope))
        except ValueError as error:
            raise Unresolvable(str(error), operation=self.operation) from None
        for item, where in items:
            yield from self._of(Scope(parameters=scope.parameters, place=scope.place, item=item, where=where), base)

    def _of(self, scope: Scope, base: _Context) -> Iterator[AccessRequest]:
        for predicate in self.when:
            if not predicate.holds(scope):
                return
        scope.misfits.clear()
        scope.fits.clear()
        if self.refuse:
            raise Unresolvable(self.refuse, operation=self.operation, member=scope.where)
        try:
            context = self._context(scope, base)
            found, missing = self._named(scope)
        except Conflict as error:
            reason = f"members disagree on {error}, or nothing says it"
            raise Unresolvable(reason, operation=self.operation, member=scope.where) from None
        if not self.resources:
            self._check_account(scope)
            yield AccessRequest(action=self.action, context=context, member=scope.where, via=self._via(scope))
            return
        via = self._via(scope) if self.via else ""
        for arn, where in self._checked(scope, found, missing):
            yield AccessRequest(action=self.action, resource=arn, context=context, member=where, via=via)

    def _check_account(self, scope: Scope) -> None:
        """What IAM asks about on `*` is in the account that the call names, if it names one."""
        for source in self.accounts:
            for value, where in source.values(scope):
                if text_of(value) != scope.place["Account"]:
                    raise Unresolvable(
                        "it is about another account",
                        operation=self.operation,
                        member=where,
                        value=text_of(value)[:200],
                    )

    def _named(self, scope: Scope) -> tuple[list[tuple[str, str]], str]:
        """ARN and place of every resource, and the type of a required one that no member names."""
        if self.named is not None:
            found = [*self.named.arns(scope)]
            if found or scope.misfits:
                return found, "" if found else self.named.name
        found, missing = [], ""
        for resource in self.resources:
            arns = resource.arns(scope)
            if not arns and not resource.optional:
                missing = missing or resource.name
            found.extend(arns)
        return found, missing

    def _checked(self, scope: Scope, found: list[tuple[str, str]], missing: str) -> Iterator[tuple[str, str]]:
        for where, text in scope.misfits.items():
            if where not in scope.fits:
                raise Unresolvable(
                    "not a name or an ARN of what the operation works on",
                    operation=self.operation,
                    member=where,
                    value=text[:200],
                )
        if missing or (self.any_of and not found):
            raise Unresolvable(
                f"no member names the {missing or 'resource'}", operation=self.operation, member=scope.where
            )
        if len(self.resources) == 1 and len(found) == 1:
            return iter(((found[0][0], scope.where),))
        return iter([(arn, self._place(scope.where, where)) for arn, where in dict(found).items()])

    @staticmethod
    def _place(item: str, member: str) -> str:
        return member if "[" in member or "." in member else item or member

    def _via(self, scope: Scope) -> str:
        if not self.via:
            return ""
        suffix = ".cn" if scope.place["Partition"] == "aws-cn" else ""
        return f"{self.via}.{scope.place['Region']}.amazonaws.com{suffix}"

    def _context(self, scope: Scope, base: _Context) -> _Context:
        out: dict[str, tuple[str, ...]] = {}
        for key in self.keys:
            values = key.source.values(scope)
            if values:
                out[key.name] = tuple([text_of(value) for value, _ in values])
        for tags in self.tags:
            _add_tags(out, tags, scope)
        if self.via:
            out["kms:viaservice"] = (self._via(scope),)
        return MappingProxyType({**base, **out}) if out else base


def text_of(value: object) -> str:
    """A value as conditions compare it: booleans in lower case, the rest as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _add_tags(out: dict[str, tuple[str, ...]], tags: Tags, scope: Scope) -> None:
    pairs = [pair for source in tags.sources for value, _ in source.values(scope) for pair in _pairs(value)]
    if not pairs:
        return
    out[tags.names] = (*out.get(tags.names, ()), *(key for key, _ in pairs))
    if tags.each:
        for key, value in pairs:
            name = f"{tags.each}{key.lower()}"
            out[name] = (*out.get(name, ()), value)


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    """Tags in the ways services write them: a map, a list of pairs, a list of names, or a query string (S3)."""
    if isinstance(value, Mapping):
        yield from ((str(key), text_of(held)) for key, held in value.items() if not isinstance(held, list))
    elif isinstance(value, str):
        yield from parse_qsl(value, keep_blank_values=True)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for entry in value:
            if isinstance(entry, Mapping):
                low = {str(key).lower(): text_of(held) for key, held in entry.items()}
                yield low.get("key", low.get("tagkey", "")), low.get("value", low.get("tagvalue", ""))
            else:
                yield str(entry), ""
