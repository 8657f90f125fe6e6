"""The shared ledger for commands that list and sweep runs: what other machines have left, beside one's own."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sandgate.cli._here import here
from sandgate.cli._options import read_config
from sandgate.errors import SandgateError

if TYPE_CHECKING:
    from sandgate.config.model import Config
    from sandgate.core.table import Table
    from sandgate.past import Past

__all__ = ["Elsewhere", "brought", "look"]

_TIER = "sandbox"
_INSIDE = "SANDGATE_RUN_DIR"
_VARIABLE = "SANDGATE_LEDGER"
_FILES = ("sandgate.toml", "pyproject.toml")
_SAID = re.compile(rb"(?m)^[ \t]*[\"']?ledger[\"']?[ \t]*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What is known of all runs."""

    runs: tuple[Past, ...]
    """Of this machine, and of others where the shared ledger tells them."""
    failure: SandgateError | None = None
    """Why the shared ledger could not be looked at."""
    table: Table | None = field(default=None, repr=False)
    config: Config | None = field(default=None, repr=False)

    def tell(self) -> None:
        """Say that runs of other machines are not among these, where that is so."""
        if self.failure is not None:
            typer.echo(f"sandgate: runs of other machines are not known: {self.failure}", err=True)

    def close_empty(self) -> None:
        """Let runs go that ended without the table's having heard of it, and own nothing.

        Raises:
            SandgateError: the table cannot be used.
        """
        if self.table is None or self.config is None:
            return
        from sandgate.sharing import close_empty  # noqa: PLC0415

        for _run in close_empty(self.table, self.runs, self.config):
            pass


def look(own: Sequence[Past]) -> Elsewhere:
    """Ask the shared ledger, where one is configured.

    Args:
        own: runs of this machine; they are told also where the configuration is broken, or nobody answers.
    """
    runs = tuple(own)
    if os.environ.get(_INSIDE):  # no child of a run may ask
        return Elsewhere(runs=runs)
    try:
        config = read_config(tier=_TIER)
    except SandgateError as error:
        return Elsewhere(runs=runs, failure=error if _is_wanted(here()) else None)
    if not config.ledger:
        return Elsewhere(runs=runs)
    from sandgate.sharing import merged, open_shared, own_ids, shared_runs  # noqa: PLC0415 - most have no shared ledger

    try:
        table = open_shared(config)
        found = shared_runs(table, config.root, but=own_ids(runs)) if table is not None else ()
    except SandgateError as error:
        return Elsewhere(runs=runs, failure=error)
    return Elsewhere(runs=merged(runs, found), table=table, config=config)


def _is_wanted(cwd: Path) -> bool:
    """Whether a configuration that cannot be read speaks of a shared ledger: runs that are not shown must be told."""
    if os.environ.get(_VARIABLE):
        return True
    for folder in (cwd, *cwd.parents):
        for path in (folder / name for name in _FILES):
            with contextlib.suppress(OSError):
                if _SAID.search(path.read_bytes()):
                    return True
    return False


def brought(past: Past) -> Past:
    """A run as a gate here can take it up; those of other machines get a folder for that.

    Raises:
        SandgateError: its lines do not say enough.
    """
    if not past.machine:
        return past
    from sandgate.sharing import SharedPast, bring  # noqa: PLC0415

    return bring(past, read_config(tier=_TIER)) if isinstance(past, SharedPast) else past
