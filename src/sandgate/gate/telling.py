"""What a call leaves where nobody can take it out again, and what it changes of somebody else's: each is told once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from sandgate.core.call import SWEEPER, Call
from sandgate.core.paths import every, first
from sandgate.gate.members import Members
from sandgate.ledger.book import Book
from sandgate.ledger.entry import Entry, name_of
from sandgate.resources._changes import changes_of
from sandgate.resources._model import Key, ResourceType, resource_types

__all__ = ["Left", "Telling", "is_told", "left_by"]


class Left(NamedTuple):
    """What a call leaves in one container, or changes in one resource."""

    what: str
    """`sent`, `unnamed`, `changed`."""
    type: str
    """Name of its type."""
    key: Mapping[str, str]
    """Its own; for what is changed without the members that the call does not tell."""
    others: tuple[str, ...] = ()
    """Types that the same name may be of."""


@cache
def _table() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    text = resources.files("sandgate.gate").joinpath("told.json").read_text(encoding="utf-8")
    services = {service: rules for service, rules in json.loads(text).items() if service}
    return {(service, operation): rule for service, rules in services.items() for operation, rule in rules.items()}


def is_told(call: Call) -> bool:
    """Whether a call may leave or change such a thing."""
    return (call.service, call.operation) in _table() or bool(changes_of(call.service, call.operation))


class Telling:
    """Writes findings: what no sweep undoes.

    Args:
        book: the ledger.
        members: knows what is the run's own.
    """

    def __init__(self, book: Book, members: Members) -> None:
        self._book = book
        self._members = members
        self._told: set[tuple[str, ...]] = set()

    async def left(self, call: Call) -> list[Left]:
        """What a call leaves or changes that is not the run's own, and that the ledger does not tell yet."""
        return [
            left
            for left in left_by(call)
            if _about(left, call) not in self._told and not await self._is_ours(left, call.region)
        ]

    def tell(self, call: Call, told: Iterable[Left]) -> None:
        """Tell it; once for each resource and operation."""
        for left in told:
            about = _about(left, call)
            if about not in self._told:
                self._told.add(about)
                self.finding(left.what, left.type, left.key, call)

    def finding(self, what: str, type_: str, key: Key, call: Call, **more: str) -> None:
        """Write one line of it."""
        operation = f"{call.service}:{call.operation}"
        self._book.write(
            "finding", what=what, type=type_, name=name_of(key), test=call.test_id, operation=operation, **more
        )

    async def _is_ours(self, left: Left, region: str) -> bool:
        for type_ in (left.type, *left.others):
            if await self._members.owns(type_, left.key, region):
                return True
            kind = resource_types()[type_]
            container = {outer: left.key[inner] for outer, inner in kind.container.items() if inner in left.key}
            if container and await self._members.owns(kind.within, container, region):
                return True
            if left.what == "changed" and any(_is_known_as(left.key, one) for one in self._alive(kind, region)):
                return True
        return False

    def _alive(self, kind: ResourceType, region: str) -> Iterator[Entry]:
        """What the ledger has of a type, but for what is in doubt."""
        for one in self._book.state.alive.values():
            if one.type == kind.name and one.claim != "doubt" and (kind.scope == "account" or one.region == region):
                yield one


def _about(left: Left, call: Call) -> tuple[str, ...]:
    return (left.what, left.type, call.region, call.operation, *left.key.values())


def _is_known_as(key: Key, entry: Entry) -> bool:
    """Whether a call may mean a resource by a part of its key, or by a name that its create was told."""
    names = {str(value).lower() for value in entry.told.values()}
    return all(entry.key.get(member) == value or str(value).lower() in names for member, value in key.items())


def left_by(call: Call) -> Iterator[Left]:
    """What a call leaves or changes, each once."""
    yield from _left(call)
    if call.principal.worker != SWEEPER:  # what is the run's own, and about to go
        yield from _changed(call)


def _left(call: Call) -> Iterator[Left]:
    rule = _table().get((call.service, call.operation))
    if rule is None:
        return
    seen = set()
    for entry in every(call.parameters, rule["entries"]):
        name = first(entry, rule["path"])
        if "pattern" in rule:
            name = _in(rule["pattern"], name)
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            yield Left(rule["what"], rule["type"], {rule["member"]: name})


def _changed(call: Call) -> Iterator[Left]:
    seen = set()
    for change in changes_of(call.service, call.operation):
        for entry in every(call.parameters, change.entries):
            found = {member: first(entry, path) for member, path in change.key.items()}
            if change.pattern:
                found = {member: _in(change.pattern, text) for member, text in found.items()}
            key = {member: value for member, value in found.items() if isinstance(value, str)}
            if key and (values := tuple(key.values())) not in seen:
                seen.add(values)
                yield Left("changed", change.types[0], key, change.types[1:])


def _in(pattern: str, text: object) -> str | None:
    found = re.match(pattern, str(text))
    return found[1] if found else None
