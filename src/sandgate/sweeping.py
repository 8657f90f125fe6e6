"""Sweeping runs: one that ends, through its own gate; one that died, through a gate that takes its ledger up again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

from sandgate.control.living import SWEEPING
from sandgate.core.call import SWEEPER
from sandgate.errors import RunError
from sandgate.guard.adoption import made_of_members
from sandgate.guard.owned import items_of
from sandgate.guard.templates.model import Place
from sandgate.ledger.book import NAME, Book, is_held, read_state
from sandgate.ledger.entry import Entry
from sandgate.ledger.recover import lost
from sandgate.ledger.state import State
from sandgate.resources._model import resource_types
from sandgate.run import Run
from sandgate.session import Progress, resume
from sandgate.sweep.others import Others, others_of
from sandgate.sweep.plan import Step
from sandgate.sweep.work import Left, Sweeper, Swept, named, plan
from sandgate.tiers._instance import instances_at, place_of, spelled

__all__ = [
    "Past",
    "check_readable",
    "clients_of",
    "close_with_upstream",
    "forget",
    "held",
    "note",
    "opened",
    "others_for",
    "others_than",
    "past_runs",
    "plan_sweep",
    "project_of",
    "sweep",
]

_CONNECTIONS = 32
_ATTEMPTS = 8
_UNNAMED_ACCOUNT = "000000000000"
"""As the gate calls it where nobody answers GetCallerIdentity."""

_Bar = Callable[[int, int], None]
"""Told how many of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A run as its ledger tells it."""

    id: str
    directory: Path
    state: State
    live: bool
    """Whether a gate writes its ledger now."""
    failure: str = ""
    """Why the ledger could not be read."""

    @property
    def tier(self) -> str:
        """The tier that it ran on."""
        return str(self.state.header.get("tier", ""))

    @property
    def began(self) -> float:
        """When it started, in seconds since 1970; 0 where its ledger does not say."""
        return float(self.state.header.get("at", 0.0))

    @property
    def machine(self) -> str:
        """What the machine is called that it ran on; empty for this one."""
        return ""

    @property
    def being_swept(self) -> bool:
        """Whether it is a sweep that writes its ledger now."""
        return self.live and (self.directory / SWEEPING).exists()

    @property
    def ended(self) -> bool:
        """Whether it came to its end and was judged; else it was abandoned, or killed."""
        return not self.live and (self.directory / "receipt.json").exists()

    @property
    def alive(self) -> tuple[Entry, ...]:
        """What it still owns."""
        return tuple(self.state.alive.values())

    @property
    def in_ended_emulators(self) -> tuple[Entry, ...]:
        """What it made in emulators that have certainly ended since; asks nobody but this machine."""
        places = {place["address"] for place in self.state.upstream.values()}
        found = instances_at(place_of(place) for place in places)
        return tuple(self.state.ended_with_emulator({spelled(place): name for place, name in found.items()}))

    @property
    def gone_with_upstream(self) -> bool:
        """Whether its upstream ended with its gate, and all that it made with that."""
        return not self.live and bool(self.state.header.get("ends_with_gate"))


def past_runs(root: Path) -> tuple[Past, ...]:
    """Every run of a project that has a ledger, oldest first.

    Args:
        root: the folder that holds `.sandgate`.
    """
    return tuple(_past(path) for path in sorted((root / ".sandgate" / "runs").glob(f"*/{NAME}")))


def _past(path: Path) -> Past:
    # The lock is looked at first: a run that ends in between is one that is still alive, at worst.
    live = False
    try:
        live = is_held(path)
        past = Past(id=path.parent.name, directory=path.parent, state=read_state(path), live=live)
    except RunError as error:
        return Past(id=path.parent.name, directory=path.parent, state=State(), live=live, failure=str(error))
    if not live and not past.ended and not past.gone_with_upstream:
        namespace = str(past.state.header.get("namespace", "\0"))
        try:
            for line in lost(path.with_name("events.jsonl"), past.state, namespace):  # a sweep's gate writes them down
                past.state.apply(line)
        except RunError as error:
            return replace(past, failure=str(error))
    return past


def close_with_upstream(past: Past) -> int:
    """Close what a dead emulator held: it is gone with it.

    Returns:
        How many resources that were.

    Raises:
        RunError: the run is alive.
    """
    book = Book(past.directory / NAME)
    try:
        count = len(book.state.alive)
        if count:
            book.write("ended", why="the upstream ended with the gate")
        return count
    finally:
        book.close()


@contextlib.contextmanager
def opened(past: Past, *, progress: Progress) -> Iterator[Run]:
    """A gate for a dead run, for as long as it is swept.

    Raises:
        RunError: the run is alive, or swept by somebody else.
    """
    with held(resume(past.directory, progress=progress)) as run:
        (past.directory / SWEEPING).touch()
        yield run


@contextlib.contextmanager
def held(run: Run) -> Iterator[Run]:
    """A run that is swept and nothing else: stopped at the end, killed where that fails."""
    try:
        yield run
        run.stop("swept")
    except BaseException:
        run.kill()
        raise


def others_than(run: str, runs: Iterable[Past]) -> Others:
    """What the ledgers of all other runs on the same upstream say.

    Args:
        run: an id.
        runs: of the project.

    Raises:
        RunError: a run lives whose ledger cannot be read, so that nobody knows what it uses.
    """
    runs = tuple(runs)
    for past in runs:
        if past.id != run:
            check_readable(past)
    own = next((_place(past.state) for past in runs if past.id == run), None)
    rest = (past for past in runs if past.id != run and _place(past.state) == own)
    return others_of({past.id: (past.state, past.live) for past in rest})


def check_readable(past: Past) -> None:
    """See whether it is known what a run has, if it lives.

    Raises:
        RunError: it lives, and its ledger cannot be read.
    """
    if past.live and past.failure:
        raise RunError(
            f"the run {past.id} lives, and what it owns is not readable: {past.failure}",
            where=str(past.directory / NAME),
            hint="end it first",
        )


def _place(state: State) -> tuple[object, ...]:
    """Where a run made what it made; that of a run whose upstream ended with it is nobody else's."""
    header = state.header
    return (header.get("tier"), header.get("account"), header.get("run") if header.get("ends_with_gate") else "")


def sweep(
    run: Run,
    *,
    others: Others | None = None,
    bar: _Bar = lambda _done, _all: None,
    halt: threading.Event | None = None,
) -> Swept:
    """Remove what a run's ledger says is alive, through its gate.

    Args:
        run: its gate lives.
        others: what other runs have to do with it; read from the ledgers of the project where None is given.
        bar: told how far it is.
        halt: set by somebody else, it ends the sweep after what is in flight.
    """
    path = run.directory / NAME
    if not read_state(path).alive:
        return Swept()
    run.notice_emulators()
    halt = halt or threading.Event()
    return Sweeper(
        clients=clients_of(run, halt),
        state=lambda: read_state(path),
        note=partial(note, run),
        others=_others(run) if others is None else others,
        careful=_was_dead(run),
        progress=bar,
        halt=halt,
    ).run()


def plan_sweep(run: Run, *, others: Others | None = None) -> list[Step]:
    """What `sweep` would do."""
    path = run.directory / NAME
    run.notice_emulators()
    others = _others(run) if others is None else others
    sweeper = Sweeper(
        clients=clients_of(run, threading.Event()),
        state=lambda: read_state(path),
        note=lambda _lines: None,
        careful=_was_dead(run),
    )
    return plan(read_state(path), sweeper.look, others, careful=_was_dead(run))


def forget(run: Run, left: Iterable[Left]) -> None:
    """Let go of what could not be swept: a person looks after it, and no ledger owns it any more.

    Args:
        run: its gate lives.
        left: what a sweep left.

    Raises:
        RunError: it could not be written down.
    """
    why = "forgotten on request"
    note(run, [("gone", {**named(one.entry), "ids": list(one.entry.claims), "why": why}) for one in left])


def note(run: Run, lines: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Write lines of a sweep; an id that AWS chose is inside by whose it is, so the gate learns that first.

    Args:
        run: its gate lives.
        lines: kind and fields of each.

    Raises:
        RunError: they could not be written.
    """
    adopted = (line for kind, line in lines if kind == "adopted")
    items = [item for line in adopted for item in _owned_items(run, line)]
    run.note_in_ledger([*([("owned", {"items": items})] if items else ()), *lines])


def _owned_items(run: Run, line: Mapping[str, Any]) -> tuple[str, ...]:
    if len(line["key"]) != 1:
        return ()
    place = Place(account=run.account or _UNNAMED_ACCOUNT, region=line["region"])
    members = [(resource_types()[line["type"]].type, str(next(iter(line["key"].values()))))]
    return items_of(made_of_members(members, place))


def project_of(run: Run) -> Path:
    """The folder that holds `.sandgate`; the one that the configuration named may have been moved since."""
    return run.directory.parents[2]


def _others(run: Run) -> Others:
    return others_for(run, None)


def others_for(run: Run, runs: Iterable[Past] | None) -> Others:
    """What other runs have to do with one that is swept; nothing where every name is the run's own.

    Args:
        run: its gate lives.
        runs: that are known; those of the project where None is given.

    Raises:
        RunError: a run lives whose ledger cannot be read.
    """
    state = read_state(run.directory / NAME)
    namespace = str(state.header.get("namespace", "\0"))
    alive = state.alive.values()
    own = (entry.complete and any(namespace in str(value) for value in entry.key.values()) for entry in alive)
    if state.header.get("ends_with_gate") or all(own):
        return Others()
    return others_than(run.id, past_runs(project_of(run)) if runs is None else runs)


def _was_dead(run: Run) -> bool:
    """Whether the run has died and its upstream may have been another one in between."""
    return (run.directory / SWEEPING).exists()


def clients_of(run: Run, halt: threading.Event) -> Callable[[str, str], Any]:
    """boto3 clients for a sweep, by service and region.

    Args:
        run: its gate lives.
        halt: once it is set, nothing is tried again.
    """
    from botocore.config import Config as ClientConfig  # noqa: PLC0415 - runs that leave nothing do not pay for it

    session = run.boto_session("deployer", SWEEPER)
    session.events.register_first("needs-retry", partial(_give_up_when_halted, halt))
    session.events.register_first("needs-retry", partial(_give_up_without_gate, run.directory / NAME))
    settings = ClientConfig(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        parameter_validation=False,  # the contract tests hold every parameter against the models
    )

    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region or None, endpoint_url=run.gate_url, config=settings)

    return client


class _HaltedError(BotoCoreError):
    fmt = "the sweep was stopped"


def _give_up_without_gate(ledger: Path, *, caught_exception: Exception | None = None, **_answer: object) -> None:
    if caught_exception is not None and not is_held(ledger):
        raise RunError("the gate has ended", where=str(ledger.parent), hint="sweep the run again: `sandgate sweep`")


def _give_up_when_halted(halt: threading.Event, **_answer: object) -> None:
    if halt.is_set():
        raise _HaltedError
