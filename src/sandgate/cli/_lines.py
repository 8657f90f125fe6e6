"""Lines of a run's summary on a terminal: coloured where that helps and is wanted."""

from __future__ import annotations

import os
from collections.abc import Iterable

import typer

from sandgate.config.model import Config
from sandgate.config.notices import notices
from sandgate.reports.words import NO_GUARD, colour_of

__all__ = ["show", "warn"]


def show(lines: Iterable[str], *, err: bool = False) -> None:
    """Print a summary.

    Args:
        lines: of the summary.
        err: to standard error, since standard output is the command's.
    """
    for line in lines:
        typer.secho(line, err=err, fg=None if "NO_COLOR" in os.environ else colour_of(line))


def warn(config: Config) -> None:
    """Say what should be known before a run begins: that it has no guard, and what is wrong with its env file."""
    if config.unsafe_no_guard:
        show([f"sandgate: guard {NO_GUARD}"], err=True)
    show([f"sandgate: {said}" for said in notices(config, os.environ)], err=True)
