"""Sweeping runs: one that ends, through its own gate; one that died, through a gate that takes its ledger up again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandgate.core.call import SWEEPER
from sandgate.errors import RunError
from sandgate.ledger.book import NAME, Book, is_held, read_state
from sandgate.ledger.entry import Entry, Identity
from sandgate.ledger.state import State
from sandgate.session import Progress, Run, resume
from sandgate.sweep.plan import Step
from sandgate.sweep.work import Sweeper, Swept, plan

__all__ = ["Past", "close_with_upstream", "opened", "past_runs", "plan_sweep", "sweep"]

_CONNECTIONS = 32
_ATTEMPTS = 8

Bar = Callable[[int, int], None]
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
    def alive(self) -> tuple[Entry, ...]:
        """What it still owns."""
        return tuple(self.state.alive.values())

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
    live = is_held(path)
    try:
        return Past(id=path.parent.name, directory=path.parent, state=read_state(path), live=live)
    except RunError as error:
        return Past(id=path.parent.name, directory=path.parent, state=State(), live=live, failure=str(error))


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
    run = resume(past.directory, progress=progress)
    try:
        yield run
        run.stop("swept")
    except BaseException:
        run.kill()
        raise


def sweep(run: Run, *, others: frozenset[Identity] = frozenset(), bar: Bar = lambda _done, _all: None) -> Swept:
    """Remove what a run's ledger says is alive, through its gate.

    Args:
        run: its gate lives.
        others: what other ledgers know as made.
        bar: told how far it is.
    """
    path = run.directory / NAME
    if not read_state(path).alive:
        return Swept()
    return Sweeper(
        clients=_clients(run),
        state=lambda: read_state(path),
        note=run.note_in_ledger,
        others=others,
        progress=bar,
    ).run()


def plan_sweep(run: Run, *, others: frozenset[Identity] = frozenset()) -> list[Step]:
    """What `sweep` would do."""
    path = run.directory / NAME
    sweeper = Sweeper(clients=_clients(run), state=lambda: read_state(path), note=lambda _lines: None)
    return plan(read_state(path), sweeper.look, others)


def _clients(run: Run) -> Callable[[str, str], Any]:
    from botocore.config import Config as ClientConfig  # noqa: PLC0415 - runs that leave nothing do not pay for it

    session = run.boto_session("deployer", SWEEPER)
    settings = ClientConfig(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}, max_pool_connections=_CONNECTIONS
    )

    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region or None, endpoint_url=run.gate_url, config=settings)

    return client
