"""What was expected of a step, held against what it did: pure, over its outcome, the ledger and the event log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandgate.ledger.entry import Entry, Identity
from sandgate.ledger.state import State
from sandgate.stories.model import Expect
from sandgate.stories.running import Outcome

__all__ = ["captured", "complaints", "effects", "own_entries", "succeeded"]

_LEFT = frozenset({"made", "unknown", "doubt"})
"""Claims by which a resource is one that the story made and still has; others came along, or are on their way out."""
_FIRST_ERROR = 400


def own_entries(state: State, provided: Iterable[Identity] = ()) -> tuple[Entry, ...]:
    """What a story made and still has.

    Args:
        state: of the run's ledger.
        provided: what was made for it, which is not its own.
    """
    others = set(provided)
    return tuple(entry for identity, entry in state.alive.items() if identity not in others and entry.claim in _LEFT)


def succeeded(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How often each call succeeded: `service:Operation` to count."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    for event in events:
        if event.get("event") == "call":
            names[str(event["id"])] = f"{event['service']}:{event['operation']}"
        elif event.get("event") == "done" and event.get("status", _FIRST_ERROR) < _FIRST_ERROR and event.get("reached"):
            found[names.get(str(event["id"]), "")] += 1
    del found[""]
    return found


def effects(expect: Expect, entries: Iterable[Entry], calls: Mapping[str, int]) -> Iterator[str]:
    """What AWS does not show as it should.

    Args:
        expect: what was expected.
        entries: what the story has, by `own_entries`.
        calls: what succeeded during the step, by `succeeded`.
    """
    there = tuple(entries)
    kinds = Counter(entry.type for entry in there)
    for kind, wanted in expect.resources.items():
        if kinds[kind] != wanted:
            names = ", ".join(sorted(entry.name for entry in there if entry.type == kind))
            shown = f": {names}" if names else ""
            yield f"expected {wanted} {kind}, and the ledger has {kinds[kind]}{shown}"
    if expect.none_left and there:
        yield "expected nothing left, and there is " + ", ".join(sorted(f"{e.type} {e.name}" for e in there))
    for call, wanted in expect.calls.items():
        count = calls.get(call, 0)
        if count < wanted or (wanted == 0 and count):
            yield f"expected {wanted or 'no'} {call}, and {count} succeeded"


def complaints(expect: Expect, outcome: Outcome, limit: float) -> Iterator[str]:
    """What the step itself did not do as it should.

    Args:
        expect: what was expected.
        outcome: what it did.
        limit: seconds that it had.
    """
    if outcome.timed_out:
        yield f"was ended: it took longer than {limit:g} s"
        return
    if outcome.status != expect.exit:
        yield f"expected exit status {expect.exit}, and it was {outcome.status}"
    for stream, text, patterns in (
        ("output", outcome.output, expect.output),
        ("errors", outcome.errors, expect.errors),
    ):
        for pattern in patterns:
            if not re.search(pattern, text, re.MULTILINE):
                yield f"expected {pattern!r} in its {stream}"
    count = len(outcome.output.splitlines())
    if expect.lines != -1 and outcome.cut:
        yield f"expected {expect.lines} lines of output, and there was more than is kept to count them"
    elif expect.lines not in (-1, count):
        yield f"expected {expect.lines} lines of output, and there were {count}"


def captured(patterns: Mapping[str, str], outcome: Outcome) -> tuple[dict[str, str], list[str]]:
    """What later steps get of the output.

    Args:
        patterns: variable to a regular expression with one group.
        outcome: what the step did.

    Returns:
        Variable to value, and the variables of which nothing was found.
    """
    found = {name: re.search(pattern, outcome.output, re.MULTILINE) for name, pattern in patterns.items()}
    values = {name: match[1] for name, match in found.items() if match}
    return values, [name for name, match in found.items() if not match]
