"""The runs of a project as their ledgers tell them, and what other runs have to do with one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sandgate.control.bundles import remove_bundles
from sandgate.control.living import SWEEPING, is_there, run_folders
from sandgate.errors import RunError
from sandgate.ledger.book import NAME, Book, is_held, read_state
from sandgate.ledger.entry import Entry
from sandgate.ledger.recover import lost
from sandgate.ledger.state import State
from sandgate.run import Run
from sandgate.sweep.others import Others, others_of
from sandgate.tiers._instance import instances_at, place_of, spelled

__all__ = [
    "Past",
    "check_readable",
    "close_with_upstream",
    "others_for",
    "others_than",
    "past_runs",
    "project_of",
    "tidy",
]


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

    Raises:
        EnvironmentFault: a folder of a run, or that of all, cannot be read: it may live, and own anything.
    """
    return tuple(_past(path) for folder in run_folders(root) if is_there(path := folder / NAME))


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


def tidy(runs: Iterable[Past]) -> None:
    """Remove the certificates of runs whose gates were killed: others have done that themselves.

    Args:
        runs: of this machine.
    """
    for past in runs:
        with contextlib.suppress(RunError):
            if not past.machine and not is_held(past.directory / NAME):  # asked now: it may have been starting
                remove_bundles(past.directory)


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


def project_of(run: Run) -> Path:
    """The folder that holds `.sandgate`; the one that the configuration named may have been moved since."""
    return run.directory.parents[2]


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
