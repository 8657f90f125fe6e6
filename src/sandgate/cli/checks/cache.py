"""Where what outlives runs is kept: whether it can be written, and whether there is room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sandgate.cli.checks._model import Check, Facts, Finding, State

__all__ = ["CHECK"]

_NEEDED = 500 * 2**20
"""Bytes: the emulator's environment, twice, and what its installation takes in between."""


def _look(facts: Facts) -> Iterator[Finding]:
    from sandgate.session import cache_directory  # noqa: PLC0415 - `--help` must not pay for it

    folder = cache_directory(facts.config)
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = "SANDGATE_CACHE_DIR names another folder"
        yield Finding(state=State.MEND, text=f"{_short(there)} cannot be written", remedy=remedy)
    elif free < _NEEDED:
        text = f"{_short(there)} has {free // 2**20} MiB left, and {_NEEDED // 2**20} may be needed"
        yield Finding(state=State.MEND, text=text, remedy="make room, or set SANDGATE_CACHE_DIR")
    else:
        yield Finding(state=State.OK, text=f"{_short(folder)}, {free // 2**30} GiB free")


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and home != Path("/") else str(path)


CHECK = Check(name="cache", place=40, look=_look)
