"""Sweeping what no run made: what carries the prefix and is in no ledger becomes a fresh run's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sandgate.config.model import Config
from sandgate.guard.services import service_names
from sandgate.ledger.entry import Identity
from sandgate.past import Past, check_readable, past_runs, project_of
from sandgate.run import Run
from sandgate.session import Progress, start
from sandgate.sweep.plan import waves
from sandgate.sweep.strays import Known, Listed, list_types, strays, types_of
from sandgate.sweeping import clients_of, held, note

__all__ = ["look_for_strays", "started", "take"]


@contextmanager
def started(config: Config, *, progress: Progress) -> Iterator[Run]:
    """A gate for a run of its own, for as long as what nobody's ledger knows is swept.

    Raises:
        SandgateError: the gate did not start.
    """
    with held(start(config, progress=progress)) as run:
        yield run


def look_for_strays(run: Run) -> tuple[tuple[Mapping[str, Any], ...], tuple[Listed, ...]]:
    """What carries the prefix, and is nobody's by any ledger of the project.

    Args:
        run: a fresh one with `isolation = "prefix"`; its gate lives.

    Returns:
        Type, region, key and name of each; and the listings, of which some may have failed.

    Raises:
        RunError: the ledger of a run that lives cannot be read, so that nobody knows what is its own.
    """
    config = run.config
    services = set(config.endpoints or service_names())
    client = clients_of(run, threading.Event())
    kinds = types_of(services & set(config.services) if config.services else services)
    listed = tuple(list_types(kinds, lambda service: client(service, run.region)))
    # Ledgers come after listings: what a run made in between is in its ledger, and not in the listing.
    known = _known(past for past in past_runs(project_of(run)) if past.id != run.id)
    found = list(strays(listed, prefixes=config.prefix, region=run.region, known=known))
    rank = {name: number for number, wave in enumerate(waves(one["type"] for one in found)) for name in wave}
    return tuple(sorted(found, key=lambda one: (rank[one["type"]], one["type"]))), listed


def _known(runs: Iterable[Past]) -> Known:
    identities: set[Identity] = set()
    namespaces = set()
    for past in runs:
        check_readable(past)
        identities |= past.state.alive.keys()
        if past.live:
            identities |= past.state.known | past.state.uses
            namespaces.add((past.directory / "namespace").read_text(encoding="ascii"))
    return Known(identities=identities, namespaces=namespaces)


def take(run: Run, found: Sequence[Mapping[str, Any]]) -> None:
    """Write into a run's ledger that it owns what it did not make, but for what has become a run's since.

    Args:
        run: its gate lives.
        found: type, region, key and name of each.

    Raises:
        RunError: they could not be written, or the ledger of a run that lives cannot be read.
    """
    # A run may have begun while the question waited for its answer.
    known = _known(past for past in past_runs(project_of(run)) if past.id != run.id)
    found = [one for one in found if not known.has(one["type"], one["region"], one["key"], one["name"])]
    at = round(time.time(), 6)
    lines: list[tuple[str, Mapping[str, Any]]] = []
    for number, one in enumerate(found):
        why = f"{one['name']} carries the prefix, and was in no ledger"
        named = {member: one[member] for member in ("type", "region", "key")}
        lines.append(("adopted", {**named, "id": f"prefix-{number}", "at": at, "claim": "made", "why": why}))
    note(run, lines)
