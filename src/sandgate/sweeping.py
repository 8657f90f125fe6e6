"""Sweeping runs: one that ends, through its own gate; one that died, through a gate that takes its ledger up again."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from sandgate.ledger.book import NAME, is_held, read_state
from sandgate.past import Past, others_for
from sandgate.resources._model import resource_types
from sandgate.run import Run
from sandgate.session import Progress, resume
from sandgate.sweep.others import Others
from sandgate.sweep.plan import Step
from sandgate.sweep.work import Left, Sweeper, Swept, named, plan

__all__ = [
    "clients_of",
    "forget",
    "held",
    "note",
    "opened",
    "plan_sweep",
    "sweep",
]

_CONNECTIONS = 32
_ATTEMPTS = 8
_SOON = 60.0
"""Seconds for a removal on an upstream that ends with the gate, where nothing takes as long as a stack of AWS may."""
_UNNAMED_ACCOUNT = "000000000000"
"""As the gate calls it where nobody answers GetCallerIdentity."""

_Bar = Callable[[int, int], None]
"""Told how many of how many are done."""


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
    state = read_state(path)
    if not state.alive:
        return Swept()
    run.notice_emulators()
    halt = halt or threading.Event()
    return Sweeper(
        clients=clients_of(run, halt),
        state=lambda: read_state(path),
        note=partial(note, run),
        others=_others(run) if others is None else others,
        careful=_was_dead(run),
        patience=_SOON if state.header.get("ends_with_gate") else math.inf,
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


def _others(run: Run) -> Others:
    return others_for(run, None)


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
