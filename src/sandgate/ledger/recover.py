"""What a ledger has lost, read back from the event log: the call is written there first, and both before it goes out.

A ledger whose end is missing (a copy that was cut, a disk that lost it) still has its run's events beside it. What they
hold is a claim, weaker than the line was: whether something was there before the call is not known any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sandgate.core.call import Call
from sandgate.errors import RunError
from sandgate.ledger.entry import identity_of
from sandgate.ledger.state import State, fold, is_sound
from sandgate.ledger.track import into, made_by, points, tracked
from sandgate.resources._model import Key, ResourceType, resource_types

__all__ = ["Line", "lost", "told_in_event"]

Line = Mapping[str, Any]
_NOT_DONE = range(300, 500)
_MARK = b'"makes":'
_HINT = "restore it, or move it away: what only it knows is not swept then"
_WHY = "its intent is missing in the ledger; the event log has the call"


def told_in_event(call: Call) -> tuple[Mapping[str, Any], ...]:
    """What an event says of what its call makes: types and names, and of what is put into something only into what.

    Keys of items and objects are data of the user, which events never hold.
    """
    if not tracked(call):
        return ()
    found: list[Mapping[str, Any]] = []
    for kind, container in into(call):
        within: dict[str, Any] = {"type": kind.name, "into": container}
        within |= {"region": call.region} if points(call) else {}  # that of a call without a signature is not known
        if within not in found:
            found.append(within)
    for _, made in made_by(call, inside=False):
        one: dict[str, Any] = {"type": made.type}
        one |= {"key": dict(made.key)} | ({"told": dict(made.told)} if made.told else {})
        create = made.create
        one |= {"asked": True} if create is not None and (create.probe is not None or create.repeats) else {}
        if one not in found:
            found.append(one)
    return tuple(found)


def lost(events: Path, state: State, namespace: str) -> Iterator[Line]:
    """Lines that a ledger should have and has not; each is applied before the next is asked for.

    Args:
        events: the event log of the same run.
        state: what the ledger says.
        namespace: the run's; a name that carries it was not there before.

    Raises:
        RunError: the event log is damaged, or cannot be read.
    """
    try:
        yield from map(_checked, _lost(events, state, namespace))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise RunError(f"the event log cannot be read: {why}", where=str(events), hint=_HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError("the event log is damaged", where=str(events), hint=_HINT) from error


def _checked(line: Line) -> Line:
    if not is_sound(fold([line])):
        raise ValueError("values of other kinds than calls have")
    return line


def _lost(events: Path, state: State, namespace: str) -> Iterator[Line]:
    calls, ends = _read(events, state.ids)
    for event in calls:
        status = ends.get(str(event["id"]), 0)
        if status not in _NOT_DONE:
            for made in event["makes"]:
                if not _goes_with_its_container(made, event, state):
                    yield _adopted(made, event, namespace)
    for entry in tuple(state.alive.values()):
        if entry.claim == "unknown" and entry.complete and entry.kind is not None:
            yield from _unheard(entry.kind, entry.key, entry.region, entry.at, state, namespace)


def _read(events: Path, known: Iterable[str]) -> tuple[list[Mapping[str, Any]], Mapping[str, int]]:
    """Creating calls that no line of the ledger is about, and how they ended."""
    try:
        lines = events.read_bytes().split(b"\n")[:-1]  # what follows the last newline is torn
    except FileNotFoundError:
        return [], {}
    known = frozenset(known)
    calls = [event for line in lines if _MARK in line and (event := _parsed(line)).get("id") not in known]
    wanted = {str(event["id"]) for event in calls}
    ends: dict[str, int] = {}
    for line in lines if wanted else ():
        if line.startswith(b'{"event":"done"'):
            event = _parsed(line)
            if event["id"] in wanted:
                ends[event["id"]] = int(event["status"])
    return [event for event in calls if event.get("event") == "call"], ends


def _parsed(line: bytes) -> dict[str, Any]:
    event = json.loads(line)
    if not isinstance(event, dict):
        raise TypeError("an event is an object")
    return event


def _goes_with_its_container(made: Mapping[str, Any], event: Mapping[str, Any], state: State) -> bool:
    kind = resource_types().get(made["type"])
    if kind is None or not kind.within or "into" not in made:
        return False
    return identity_of(kind.within, made.get("region", event["region"]), made["into"]) in state.known


def _adopted(made: Mapping[str, Any], event: Mapping[str, Any], namespace: str) -> Line:
    key: dict[str, Any] = dict(made.get("key", ()))
    kind = resource_types().get(made["type"])
    if kind is not None and "into" in made:
        key = {inner: made["into"][outer] for outer, inner in kind.container.items() if outer in made["into"]}
    new = "key" in made and (not made.get("asked") or _is_ours({**made.get("told", {}), **key}, namespace))
    return {
        "ledger": "adopted",
        "id": event["id"],
        "at": event["time"],
        "type": made["type"],
        "key": key,
        "region": made.get("region", event["region"]),
        "operation": f"{event['service']}:{event['operation']}",
        "claim": "unknown" if new else "doubt",
        "why": _WHY,
        "told": made.get("told", {}),
        "test": event.get("test", ""),
    }


def _unheard(kind: ResourceType, key: Key, region: str, at: float, state: State, namespace: str) -> Iterator[Line]:
    """What comes with something whose create was never answered: it is written down with the answer else."""
    for silent in kind.silent:
        other = {member: form.format_map(key) for member, form in silent.key.items()}
        identity = identity_of(silent.type, region, other)
        if identity not in state.known:
            yield {
                "ledger": "adopted",
                "id": f"with {kind.name} {' '.join(str(value) for value in key.values())}",
                "at": at,
                "type": silent.type,
                "key": other,
                "region": region,
                "claim": "perhaps" if _is_ours(other, namespace) else "doubt",
                "why": f"comes with {kind.name} {' '.join(str(value) for value in key.values())}",
            }


def _is_ours(key: Key, namespace: str) -> bool:
    return any(namespace in str(value) for value in key.values())
