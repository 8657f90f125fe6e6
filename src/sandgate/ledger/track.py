"""From a call to what it makes and removes, by the registry of resource types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sandgate.core.call import Call
from sandgate.core.paths import every, first
from sandgate.ledger.entry import Entry
from sandgate.resources._elsewhere import makes, untyped
from sandgate.resources._model import Create, Key, Removal, ResourceType, resource_types

__all__ = ["Made", "Removed", "creates_of", "into", "made_by", "points", "removed_by", "tracked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource that a call would make."""

    type: str
    """Empty when sandgate has no type for it."""
    key: Key
    """As far as the caller chose it."""
    told: Mapping[str, Any] = field(default_factory=dict)
    create: Create | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A resource that a call would remove."""

    type: str
    key: Key
    at_once: bool
    """Whether success means that it is gone, and not only that it will be."""


@cache
def _creates() -> Mapping[tuple[str, str], tuple[tuple[ResourceType, Create], ...]]:
    found: dict[tuple[str, str], tuple[tuple[ResourceType, Create], ...]] = {}
    for kind in resource_types().values():
        for create in kind.creates:
            at = (kind.service, create.operation)
            found[at] = (*found.get(at, ()), (kind, create))
    return found


@cache
def _removals() -> Mapping[tuple[str, str], tuple[tuple[ResourceType, Removal], ...]]:
    found: dict[tuple[str, str], tuple[tuple[ResourceType, Removal], ...]] = {}
    for kind in resource_types().values():
        for operation in (kind.removal.operation, *kind.removal.also):
            at = (kind.service, operation)
            found[at] = (*found.get(at, ()), (kind, kind.removal))
    return found


@cache
def _services() -> frozenset[str]:
    return frozenset(kind.service for kind in resource_types().values())


def tracked(call: Call) -> bool:
    """Whether a call makes or removes something, for all that its name tells."""
    at = (call.service, call.operation)
    return at in _creates() or at in _removals() or _unknown(call)


def creates_of(call: Call) -> tuple[tuple[ResourceType, Create], ...]:
    """The creates that a call may be."""
    return _creates().get((call.service, call.operation), ())


@cache
def _pointing() -> Mapping[tuple[str, str], tuple[ResourceType, Create]]:
    kinds = resource_types().values()
    return {(kind.service, create.operation): (kind, create) for kind in kinds for create in kind.creates if create.via}


def points(call: Call) -> tuple[ResourceType, Create] | None:
    """The create that a call is, where the request does not say into which container."""
    return _pointing().get((call.service, call.operation))


def into(call: Call) -> Iterator[tuple[ResourceType, Key]]:
    """The containers that a call would make something in, and of which type that is; each once."""
    for kind, create in creates_of(call):
        if not kind.within or (create.when is not None and not _fits(call, *create.when)):
            continue
        paths = {outer: create.names[inner] for outer, inner in kind.container.items() if inner in create.names}
        seen = set()
        for parameters in create.many(call.parameters) if create.many else (call.parameters,):
            values = tuple([first(parameters, path) for path in paths.values()])
            if values not in seen:
                seen.add(values)
                found = zip(paths, values, strict=True)
                yield kind, {outer: value for outer, value in found if value is not None}


def made_by(call: Call, *, inside: bool = True) -> Iterator[tuple[ResourceType | None, Made]]:
    """What a call would make; a type of which the caller did not say a name yields one with an incomplete key.

    Args:
        call: the call.
        inside: whether that includes what is inside of something else.
    """
    for kind, create in creates_of(call):
        if kind.within and not inside:
            continue
        if create.when is not None and not _fits(call, *create.when):
            continue
        for parameters in create.many(call.parameters) if create.many else (call.parameters,):
            names = {member: first(parameters, path) for member, path in create.names.items()}
            told = {at: first(parameters, path) for at, path in create.told.items()}
            yield (
                kind,
                Made(
                    type=kind.name,
                    key={member: value for member, value in names.items() if value is not None},
                    told={at: value for at, value in told.items() if value is not None},
                    create=create,
                ),
            )
    if _unknown(call):
        yield None, Made(type="", key={"call": f"{call.service}:{call.operation}", "names": _names(call)})


def _fits(call: Call, path: str, values: tuple[str, ...]) -> bool:
    """Whether a request has one of the values at a place; any at all where none is named."""
    value = str(first(call.parameters, path) or "")
    return value in values if values else bool(value)


def _unknown(call: Call) -> bool:
    if creates_of(call):
        return False
    if call.service in _services():
        return untyped(call.service, call.operation)
    return makes(call.operation)


def _names(call: Call) -> str:
    return " ".join(ref.arn or f"{ref.type}:{ref.name}" for ref in call.resources)


def removed_by(call: Call, alive: Iterable[Entry] = ()) -> Iterator[Removed]:
    """What a call would remove.

    Args:
        call: it.
        alive: what is there, for calls that name only a part of a key.
    """
    for kind, removal in _removals().get((call.service, call.operation), ()):
        if removal.when is not None and not _fits(call, *removal.when):
            continue
        paths = {member: parameter for parameter, member in removal.parameters.items() if not member.startswith(".")}
        paths |= removal.key
        several = removal.many.get(call.operation)
        for parameters in several(call.parameters) if several else (call.parameters,):
            found = _ending(kind, removal, paths, call, alive) if removal.ends else ()
            for key in (*_keys(kind, removal, paths, parameters), *found):
                yield Removed(type=kind.name, key=key, at_once=not removal.promises)


def _ending(
    kind: ResourceType, removal: Removal, paths: Mapping[str, str], call: Call, alive: Iterable[Entry]
) -> Iterator[Key]:
    """The keys of what is there that a request names in part."""
    said = {member: first(call.parameters, path) for member, path in paths.items()}
    ends = {member: f":{first(call.parameters, path)}" for member, path in removal.ends.items()}
    for entry in alive:
        same = (entry.type, entry.region) == (kind.name, call.region)
        named = same and all(entry.key.get(member) == value for member, value in said.items())
        if named and all(str(entry.key.get(member, "")).endswith(end) for member, end in ends.items()):
            yield entry.key


def _keys(
    kind: ResourceType, removal: Removal, paths: Mapping[str, str], parameters: Mapping[str, Any]
) -> Iterator[Key]:
    """The keys that one request for a removal names."""
    if removal.batch:
        ((member, path),) = paths.items() if len(paths) == 1 else ((kind.key[0], ""),)
        yield from ({member: value} for value in (every(parameters, path) if path else ()))
        return
    values = {member: first(parameters, paths[member]) for member in kind.key if member in paths}
    if all(value is not None for value in values.values()) and set(values) == set(kind.key):
        yield kind.plain(values) if kind.plain else values
