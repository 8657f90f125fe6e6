"""Runs of other machines, as the shared ledger tells them: seen, brought here to be swept, and closed."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandgate.config.identity import ledger_table
from sandgate.config.model import Config
from sandgate.core.ids import machine_word
from sandgate.core.table import Table, TableError
from sandgate.errors import RunError
from sandgate.ledger.book import NAME
from sandgate.ledger.lease import Lease, standing
from sandgate.ledger.shared import LostLeaseError, SharedRun, explained, leases, lines_of
from sandgate.ledger.state import SCHEMA, State, fold, is_sound
from sandgate.past import Past
from sandgate.session import cache_directory

__all__ = ["SharedPast", "bring", "close_empty", "merged", "open_shared", "own_ids", "shared_runs"]

_NAMESPACE = re.compile(r"[a-z][a-z0-9]{5}")
_FROM = "machine"
"""A file in the folder of a run that was brought here: what its machine is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPast(Past):
    """A run of another machine."""

    lease: Lease
    lines: tuple[str, ...]

    @property
    def machine(self) -> str:
        """What it is called."""
        return self.lease.label

    @property
    def being_swept(self) -> bool:
        """Whether some machine sweeps it now."""
        return self.live and self.lease.sweeping

    @property
    def ended(self) -> bool:
        """Whether its gate has given it back; else it is abandoned."""
        return not self.live and not self.lease.until


def open_shared(config: Config) -> Table | None:
    """The table of a configuration; `None` where it names none.

    Raises:
        SandgateError: nobody may look into it with these credentials.
    """
    if not ledger_table(config):
        return None
    from sandgate.tiers._aws_shared import open_table  # noqa: PLC0415 - botocore comes with it

    return open_table(config, os.environ, cache_directory(config))


def shared_runs(table: Table, root: Path, *, but: Iterable[str] = ()) -> tuple[SharedPast, ...]:
    """Every run in a table that has not ended with nothing left, oldest first.

    Args:
        table: of the shared ledger.
        root: the folder that holds `.sandgate`, where they would be brought to.
        but: ids of runs that are left out.

    Raises:
        SandgateError: the table cannot be read.
    """
    known = frozenset(but)
    return tuple(_past(table, lease, root) for lease in leases(table) if not lease.ended and lease.run not in known)


def _past(table: Table, lease: Lease, root: Path) -> SharedPast:
    lines = lines_of(table, lease.run)
    live = standing(lease, table.now()) == "live"
    state, failure = State(), ""
    try:
        state = _state(lines)
    except RunError as error:
        failure = str(error)
    return SharedPast(
        id=lease.run,
        directory=root / ".sandgate" / "runs" / lease.run,
        state=state,
        live=live,
        failure=failure,
        lease=lease,
        lines=lines,
    )


def _state(lines: Iterable[str]) -> State:
    """What lines of a table say.

    Raises:
        RunError: they are damaged, or a newer sandgate wrote them.
    """
    try:
        state = fold(json.loads(line) for line in lines)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RunError("its lines in the shared ledger are damaged") from None
    schema = state.header.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA or not is_sound(state):
        raise RunError("its lines in the shared ledger are damaged, or of a newer sandgate")
    return state


def own_ids(here: Iterable[Past]) -> tuple[str, ...]:
    """Ids of runs of which this machine knows best: its own, and what it sweeps now.

    Of those that were brought here for a sweep, and are not swept now, the table knows best.

    Args:
        here: every run that has a folder.
    """
    return tuple(past.id for past in here if past.live or not (past.directory / _FROM).exists())


def merged(here: Iterable[Past], elsewhere: Iterable[SharedPast]) -> tuple[Past, ...]:
    """The runs of this machine and of others, oldest first; where both have one, that of the table."""
    found: dict[str, Past] = {past.id: past for past in (*here, *elsewhere)}
    return tuple(found[run] for run in sorted(found))


def bring(past: SharedPast, config: Config) -> Past:
    """Make a folder for a run of another machine, from the table alone, so that a gate here can take it up.

    Args:
        past: does not live.
        config: that it is swept with: this project's own.

    Raises:
        RunError: nothing says what its names were.
        OSError: the folder cannot be written.
    """
    namespace = past.state.header.get("namespace")
    if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
        raise RunError("its namespace is not in the shared ledger", where=f"first line of {past.id}")
    folder = past.directory
    if not (folder / NAME).exists():
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (config.root / ".sandgate" / ".gitignore").write_text("*\n", encoding="utf-8")
        (folder / "empty").touch(mode=0o400)
        (folder / "namespace").write_text(namespace, encoding="ascii")
        (folder / "config.json").write_text(json.dumps(config.to_json()), encoding="utf-8")
        (folder / _FROM).write_text(past.machine, encoding="utf-8")
        half = folder / f"{NAME}.{secrets.token_hex(4)}"
        half.touch(mode=0o600)
        half.write_text("".join(f"{line}\n" for line in past.lines), encoding="ascii")
        half.rename(folder / NAME)
    return Past(id=past.id, directory=folder, state=past.state, live=False)


def close_empty(table: Table, runs: Iterable[Past], config: Config) -> Iterator[str]:
    """Let the lines of runs go that ended unheard and own nothing; who cannot be closed stays for the next time.

    Args:
        table: of the shared ledger.
        runs: of this machine, of which its own ledgers tell, and of others.
        config: of this one.

    Yields:
        The id of each that was closed.

    Raises:
        SandgateError: the table cannot be used.
    """
    label = config.ledger_label or machine_word(cache_directory(config))
    runs = [past for past in runs if not (past.live or past.failure or past.alive)]
    here = set(own_ids(past for past in runs if not past.machine))
    now = table.now()
    mine = [lease.run for lease in leases(table) if lease.run in here and standing(lease, now) == "abandoned"]
    for run in (*mine, *(past.id for past in runs if past.machine)):
        shared = SharedRun(table, run, secrets.token_hex(8), label)
        try:
            shared.take(sweeping=True)
            if run not in here and _state(lines_of(table, run)).alive:
                shared.release()
                continue
            shared.end()
        except TableError as error:
            raise explained(error, table) from None
        except (LostLeaseError, RunError):
            continue
        yield run
