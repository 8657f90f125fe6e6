"""Carrying a plan out: list, remove, list again, until nothing is left or the rest has a reason.

Nothing is remembered beside the ledger, so that a sweep that was killed is gone on with by the next one.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sandgate.ledger.entry import Entry, Identity
from sandgate.ledger.state import State
from sandgate.resources._model import ResourceType, resource_types
from sandgate.sweep.eyes import Clients, Eyes
from sandgate.sweep.found import Found
from sandgate.sweep.others import Others
from sandgate.sweep.plan import Group, Sight, Step, decide, group_of, waiting, waves
from sandgate.sweep.remove import Answer, RemovalError, remove, remove_batch
from sandgate.sweep.restarted import after_restart

__all__ = ["Left", "Line", "Sweeper", "Swept", "named", "plan"]

_WORKERS = 32
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
_BLIND = 2
"""How often in a row nothing at all may be listed, each time with all of botocore's tries, until a sweep gives up."""

Line = tuple[str, Mapping[str, object]]
"""Kind and fields of a line of the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is still there, or may be."""

    entry: Entry
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep came to."""

    removed: tuple[Entry, ...] = ()
    """What was there, was removed, and is proven gone."""
    left: tuple[Left, ...] = ()
    halted: bool = False
    """Whether it was stopped before its end; the ledger says what is still alive."""


@dataclass(slots=True)
class _Case:
    """One resource during a sweep."""

    entry: Entry
    """As the ledger had it before the sweep touched it."""
    first: float = 0.0
    """When a removal was tried for the first time; monotonic."""
    why: str = ""
    accepted: bool = False
    absent: bool = False
    """Whether it had gone before the sweep came."""
    refused: bool = False
    """Whether trying again would not help."""


def plan(
    state: State,
    look: Callable[[Iterable[Entry]], Mapping[Group, Sight]],
    others: Others,
    *,
    careful: bool = False,
    touched: Callable[[Entry], bool] = lambda _entry: False,
) -> list[Step]:
    """What a sweep would do now, in its order.

    Args:
        state: the ledger's.
        look: lists.
        others: what other runs have to do with it.
        careful: whether a shared name may be another one's by now.
        touched: whether the sweep has tried to remove a resource.
    """
    entries = tuple(state.alive.values())
    sights = look(entries)
    namespace = str(state.header.get("namespace", "")) or "\0"
    steps = []
    for entry in entries:
        sight = sights.get(group_of(entry)) if entry.kind else None
        step = decide(entry, sight, namespace=namespace, others=others, careful=careful)
        steps.append(after_restart(step, sight, namespace=namespace, touched=touched(entry)))
    rank = {name: number for number, wave in enumerate(waves(entry.type for entry in entries)) for name in wave}
    return sorted(steps, key=lambda step: (rank.get(step.entry.type, len(rank)), step.entry.type, step.entry.name))


class Sweeper:
    """Sweeps one run.

    Args:
        clients: through the run's gate, as the deployer.
        state: reads the ledger.
        note: has the gate write lines into the ledger; called by one thread at a time.
        others: what other runs have to do with what the ledger knows.
        careful: whether to ask when a resource was made, where listings do not tell and its name may be anybody's.
        patience: seconds that any removal may take at most, where its type would have more.
        progress: told how many are done, of how many.
        halt: once it is set, what is in flight is finished and nothing else is begun.
    """

    def __init__(
        self,
        *,
        clients: Clients,
        state: Callable[[], State],
        note: Callable[[Sequence[Line]], object],
        others: Others | None = None,
        careful: bool = False,
        patience: float = math.inf,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
        halt: threading.Event | None = None,
    ) -> None:
        self._eyes = Eyes(clients, careful=careful, tried=lambda entry: entry.identity in self._cases)
        self._state = state
        self._note = note
        self._others = others or Others()
        self._careful = careful
        self._patience = patience
        self._progress = progress
        self._halt = halt or threading.Event()
        self._lock = threading.Lock()
        self._cases: dict[Identity, _Case] = {}
        self._removed: list[Entry] = []
        self._done = self._total = 0

    def run(self) -> Swept:
        """Remove everything that the ledger says is alive, and prove that it is gone."""
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sweep")
        try:
            return self._run(pool)
        except BaseException:
            self._halt.set()
            pool.shutdown(wait=False, cancel_futures=True)  # who interrupts does not wait for calls in flight
            raise
        finally:
            pool.shutdown(wait=not self._halt.is_set(), cancel_futures=True)

    def _run(self, pool: ThreadPoolExecutor) -> Swept:
        pause = _FIRST_PAUSE
        blind = 0
        while True:
            state = self._state()
            self._total = max(self._total, len(state.alive))
            steps = plan(
                state,
                lambda entries: self._eyes.look(pool, entries, trusting=True),
                self._others,
                careful=self._careful,
                touched=lambda entry: entry.identity in self._cases,
            )
            self._note_absent(step for step in steps if step.what == "absent")
            told = [step for step in steps if step.what == "tell"]
            todo = [step for step in steps if step.what == "remove" and not self._is_over(step)]
            self._done = self._total - len(todo) - len(told)
            self._progress(self._done, self._total)
            blind = blind + 1 if self._eyes.blind else 0
            if self._halt.is_set() and (todo or told):  # also what was being listed then is only not known
                return Swept(removed=tuple(self._removed), halted=True)
            if not todo or blind == _BLIND:
                return self._result(steps)
            held = waiting(todo)
            fresh = [s for s in todo if not self._case(s.entry).accepted and s.entry.identity not in held]
            for wave in waves(step.entry.type for step in fresh):
                self._remove(pool, [step for step in fresh if step.entry.type in wave])
            if self._halt.is_set():
                return Swept(removed=tuple(self._removed), halted=True)
            if any(self._case(step.entry).accepted for step in fresh):
                pause = _FIRST_PAUSE
            else:  # everything waits for something else
                self._halt.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def look(self, entries: Iterable[Entry]) -> Mapping[Group, Sight]:
        """What listings show of these resources."""
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="sweep") as pool:
            return self._eyes.look(pool, entries)

    # -- remove ---------------------------------------------------------------------------------------------------

    def _remove(self, pool: ThreadPoolExecutor, steps: Sequence[Step]) -> None:
        list(pool.map(self._remove_some, _chunks(steps)))

    def _remove_some(self, steps: Sequence[Step]) -> None:
        if self._halt.is_set():
            return
        self._remove_chunk(steps)
        with self._lock:
            self._done += len(steps)
            self._progress(self._done, self._total)

    def _remove_chunk(self, steps: Sequence[Step]) -> None:
        kind = steps[0].entry.kind
        assert kind is not None
        client = self._eyes.client(kind.service, steps[0].entry.region)
        targets = [(step, found) for step in steps for found in step.found]
        for step in steps:
            case = self._case(step.entry)
            case.first = case.first or time.monotonic()
        if len(targets) > 1 and kind.removal.batch:
            with contextlib.suppress(RemovalError):  # one by one tells which of them it is
                self._take(steps, *remove_batch(client, kind, [found for _, found in targets]))
                return
        for step, found in targets:
            self._remove_one(client, kind, step, found)

    def _remove_one(self, client: Any, kind: ResourceType, step: Step, found: Found) -> None:
        if not step.entry.complete:
            entry = step.entry
            named = {"type": entry.type, "key": dict(found.key), "region": entry.region}
            told = {"at": entry.at, "claim": "perhaps", "operation": entry.operation, "why": step.why}
            with self._lock:
                self._note([("adopted", {"id": next(iter(entry.claims)), **named, **told})])
        try:
            self._take([step], *remove(client, kind, found))
        except RemovalError as error:
            case = self._case(step.entry)
            case.why, case.refused = str(error), True

    def _take(self, steps: Iterable[Step], answer: Answer, why: str) -> None:
        for step in steps:
            case = self._case(step.entry)
            case.why = why
            case.accepted = answer is not Answer.LATER
            case.absent = answer is Answer.ABSENT and not any(found.seen for found in step.found)

    # -- account --------------------------------------------------------------------------------------------------

    def _case(self, entry: Entry) -> _Case:
        return self._cases.setdefault(entry.identity, _Case(entry))

    def _is_over(self, step: Step) -> bool:
        """Whether nothing more is to be expected of it."""
        case, kind = self._cases.get(step.entry.identity), step.entry.kind
        if case is None or kind is None:
            return False
        patience = min(kind.patience, self._patience)
        late = case.first > 0 and time.monotonic() - case.first > patience
        if late and case.accepted:
            case.why = f"its removal was accepted, and {patience:.0f} s later it is still listed"
        return case.refused or late

    def _note_absent(self, steps: Iterable[Step]) -> None:
        lines: list[Line] = []
        for step in steps:
            entry = step.entry
            case = self._cases.get(entry.identity)
            if case is not None and case.accepted and not case.absent:
                self._removed.append(case.entry)
            lines.append(("gone", {**named(entry), "ids": list(entry.claims), "why": step.why}))
        self._note(lines)

    def _result(self, steps: Iterable[Step]) -> Swept:
        left = []
        for step in steps:
            if step.what == "absent":
                continue
            case = self._cases.get(step.entry.identity)
            left.append(Left(entry=step.entry, why=case.why if case is not None and case.why else step.why))
        self._note([("leak", {**named(one.entry), "why": one.why}) for one in left])
        return Swept(removed=tuple(self._removed), left=tuple(left))


def named(entry: Entry) -> dict[str, object]:
    """What a line of the ledger needs to mean an entry."""
    call = {} if entry.complete else {"call": next(iter(entry.claims))}
    return {"type": entry.type, "region": entry.region, "key": dict(entry.key), **call}


def _chunks(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Steps that go together: one by one, or as many of a type and region as one call takes."""
    groups: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        groups.setdefault((step.entry.type, step.entry.region), []).append(step)
    for (name, _), group in groups.items():
        size = max(1, resource_types()[name].removal.batch)
        yield from (group[at : at + size] for at in range(0, len(group), size))
