"""What a sweep does with each resource that a ledger knows, and in which order; pure, so that it can be shown first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from sandgate.core.paths import every
from sandgate.ledger.entry import Entry, Identity, identity_of
from sandgate.resources._model import Key, ResourceType, resource_types
from sandgate.sweep.found import Found, listing_for
from sandgate.sweep.others import Others

__all__ = [
    "Group", "Sight", "Step", "container_of", "created_at", "decide", "group_of", "key_text", "waiting", "waves",
]  # fmt: skip

_STACK = "cloudformation-stack"
_WORST_SKEW = 900.0
"""Seconds by which they may differ at all: S3 refuses calls that were signed longer ago, and other services sooner
(Amazon S3 API Reference, RequestTimeTooSkewed)."""
_SLOWEST = 300.0
"""Seconds after the call at which AWS says, at the latest, that the resource came to be; types that take longer have
more patience."""
_SOMEBODY = "a name without the run's own in it may be somebody else's; when it is gone, sweep again"

Group = tuple[str, str, str]
"""Type, region, and container as text: what one listing shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a listing showed."""

    found: Mapping[str, Found] = field(default_factory=dict)
    """By key as text."""
    failure: str = ""
    """Why nobody knows what is there; empty when it was read to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done with one resource."""

    entry: Entry
    what: Literal["remove", "absent", "tell"]
    """`absent`: proven gone. `tell`: it stays, and the reason is shown."""
    why: str
    found: tuple[Found, ...] = ()
    """What is removed."""


def group_of(entry: Entry) -> Group:
    """The listing that shows a resource."""
    kind = entry.kind
    assert kind is not None
    region = "" if kind.scope == "account" else entry.region
    return (entry.type, region, json.dumps(container_of(kind, entry.key), sort_keys=True))


def container_of(kind: ResourceType, key: Key) -> dict[str, object]:
    """What a listing of the type must be told: the container's key, and what is known of the one itself."""
    listing = listing_for(kind, key)
    own = {} if listing is kind.look else kind.container
    members = {own.get(member, member): member for member in listing.within.values()}
    members |= {member: member for member in listing.narrow.values()}
    if listing.over is not None:
        members |= {member: member for member in listing.over.key if member in kind.key}
    return {member: key[inner] for inner, member in members.items() if inner in key}


def decide(entry: Entry, sight: Sight | None, *, namespace: str, others: Others, careful: bool = False) -> Step:
    """What is to be done with a resource.

    Args:
        entry: what the ledger knows.
        sight: what its listing showed; None where there is none.
        namespace: the run's; a name that carries it is the run's own, whatever clocks say.
        others: what other runs have to do with it: what is theirs by now is left alone.
        careful: whether a shared name may be another one's by now, as after a while in which no gate was there.
    """
    kind = entry.kind
    if kind is None:
        return Step(entry=entry, what="tell", why="sandgate has no resource type for it, and cannot find or remove it")
    if entry.claim == "doubt":
        return _decide_doubtful(entry, kind, sight)
    if not entry.complete:
        return _decide_unnamed(entry, sight, namespace, others.known)
    theirs = None if _carries(namespace, entry.key.values()) else _decide_theirs(entry, others)
    return theirs or _decide_named(entry, kind, sight, namespace, careful=careful)


def _decide_named(entry: Entry, kind: ResourceType, sight: Sight | None, namespace: str, *, careful: bool) -> Step:
    if sight is None or sight.failure:
        return _decide_unseen(entry, kind, sight.failure if sight else "no listing", namespace)
    return _decide_seen(entry, kind, sight.found.get(key_text(entry.key)), namespace, careful=careful)


def _decide_doubtful(entry: Entry, kind: ResourceType, sight: Sight | None) -> Step:
    if sight and not sight.failure and not _may_be_seen(entry, sight):
        return Step(entry=entry, what="absent", why=f"not in {kind.listing.operation}")
    return Step(entry=entry, what="tell", why="nobody could tell whether it was there before the run")


def _may_be_seen(entry: Entry, sight: Sight) -> bool:
    """Whether a listing shows it, or something that it could be."""
    return key_text(entry.key) in sight.found if entry.complete else bool(sight.found)


def _decide_seen(entry: Entry, kind: ResourceType, found: Found | None, namespace: str, *, careful: bool) -> Step:
    if found is None or found.gone:
        why = f"not in {listing_for(kind, entry.key).operation}" if found is None else "as good as gone"
        return Step(entry=entry, what="absent", why=why)
    if not _carries(namespace, entry.key.values()):
        if entry.claim == "unknown":
            return Step(entry=entry, what="tell", why=f"{_reason(entry)}, and {_SOMEBODY}")
        if careful and _is_younger(found, entry):
            why = "somebody has made it anew: it is younger than what the run made under that name"
            return Step(entry=entry, what="tell", why=why)
    return Step(entry=entry, what="remove", why=_reason(entry), found=(found,))


def _decide_theirs(entry: Entry, others: Others) -> Step | None:
    """A shared name that another run has taken over; None where none has."""
    if user := others.in_use.get(entry.identity):
        return Step(entry=entry, what="tell", why=f"the run {user} lives and uses it")
    at, run = others.made.get(entry.identity, (0.0, ""))
    if at > entry.at:
        return Step(entry=entry, what="absent", why=f"the run {run} has made it anew since")
    return None


def _decide_unseen(entry: Entry, kind: ResourceType, failure: str, namespace: str) -> Step:
    """One whose listing failed, which says nothing of whether it is there."""
    why = f"it could not be listed ({failure})"
    if entry.claim == "unknown" and not _carries(namespace, entry.key.values()):
        return Step(entry=entry, what="tell", why=f"{_reason(entry)}, and {why}")
    if any(source.startswith(".") for source in kind.removal.parameters.values()):
        return Step(entry=entry, what="tell", why=why)
    name = str(next(iter(entry.key.values()), ""))
    return Step(entry=entry, what="remove", why=why, found=(Found(key=entry.key, name=name, seen=False),))


def _decide_unnamed(entry: Entry, sight: Sight | None, namespace: str, known: frozenset[Identity]) -> Step:
    """One whose create was never answered, and whose id only the answer would have told."""
    if sight is None or sight.failure:
        failure = sight.failure if sight else "no listing"
        return Step(
            entry=entry, what="tell", why=f"its create was never answered, and it could not be listed ({failure})"
        )
    ours = _carries(namespace, entry.told.values())
    alike = tuple(
        found
        for found in sight.found.values()
        if not found.gone
        and (ours or not _is_older(found, entry))
        and identity_of(entry.type, entry.region, found.key) not in known
        and all(value in every(found.entry, path) for path, value in entry.told.items())
        and all(found.key.get(member) == value for member, value in entry.key.items())
    )
    if not alike:
        return Step(entry=entry, what="absent", why="its create was never answered, and nothing like it is there")
    if ours:
        return Step(
            entry=entry, what="remove", why="its create was never answered; it carries the run's name", found=alike
        )
    ids = ", ".join(" ".join(str(value) for value in found.key.values()) for found in alike)
    return Step(
        entry=entry, what="tell", why=f"its create was never answered; it may be {ids}, or that is somebody else's"
    )


def _carries(namespace: str, values: Iterable[object]) -> bool:
    """Whether a name is the run's own: nobody else has its random one, whatever clocks and listings say."""
    return any(namespace in str(value) for value in values)


def _is_younger(found: Found, entry: Entry) -> bool:
    """Whether it came to be after the run had made what had this name then."""
    if entry.claim == "perhaps" and not entry.stack:
        return False  # what comes along may come late
    created = created_at(found)
    slowest = max(_SLOWEST, entry.kind.patience if entry.kind else 0.0)
    return created is not None and created > entry.at + slowest


def _is_older(found: Found, entry: Entry) -> bool:
    """Whether it certainly was there before the call, whatever clocks say."""
    created = created_at(found)
    return created is not None and created < entry.at - _WORST_SKEW


def created_at(found: Found) -> float | None:
    """When something came to be, in seconds since 1970; None where its listing does not tell."""
    created = found.created
    if isinstance(created, str) and created.replace(".", "", 1).isdecimal():
        created = float(created)  # as queues tell it, in some emulators with a fraction
    seconds = created.timestamp() if isinstance(created, datetime) else created
    if not isinstance(seconds, int | float):
        return None
    return seconds / 1000 if seconds > 1e11 else seconds  # noqa: PLR2004 - milliseconds since 1970


def _reason(entry: Entry) -> str:
    return {
        "made": f"made by {entry.operation}" if entry.operation else entry.why or "made by the run",
        "unknown": f"{entry.operation} was never answered",
        "perhaps": entry.why,
        "going": "its removal was accepted, and it is still there",
    }.get(entry.claim, "")


def waiting(steps: Iterable[Step]) -> frozenset[Identity]:
    """What waits for its stack: CloudFormation removes members itself, in its own order, unless it retains them.

    Args:
        steps: what there is to be removed.
    """
    steps = tuple(steps)
    stacks = {(step.entry.region, step.entry.key.get("StackName")) for step in steps if step.entry.type == _STACK}
    return frozenset(
        step.entry.identity
        for step in steps
        if step.entry.claim == "perhaps" and (step.entry.region, step.entry.stack) in stacks
    )


def key_text(key: Key) -> str:
    """A key as it is compared."""
    return json.dumps(key, sort_keys=True, separators=(",", ":"), default=str)


def waves(types: Iterable[str]) -> Sequence[tuple[str, ...]]:
    """Types in the order in which they must go: each only after all that use it or are in it.

    Args:
        types: names of types.

    Raises:
        ValueError: types wait for each other, which a contract test excludes.
    """
    wanted = set(types)
    known = resource_types()
    sorter = TopologicalSorter({name: _before(name) & wanted for name in wanted if name in known})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError(f"resource types wait for each other: {error.args[1]}") from error
    found = []
    while sorter.is_active():
        ready = tuple(sorted(sorter.get_ready()))
        sorter.done(*ready)
        found.append(ready)
    return found


def _before(name: str) -> set[str]:
    """Everything that must go before a type, also through types that are not in the plan."""
    known = resource_types()
    pending, found = [name], set[str]()
    while pending:
        for other in (*known[pending.pop()].after,):
            if other in known and other not in found:
                found.add(other)
                pending.append(other)
    return found
