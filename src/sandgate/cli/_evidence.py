"""Receipts of a project: found, read, and held against what a promotion asks for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sandgate.cli._here import here
from sandgate.core.registry import nearest
from sandgate.errors import ConfigError, UsageError

__all__ = ["full_commit", "read_receipt", "receipts_of", "shown_receipt"]

_NAME = "receipt.json"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def full_commit(text: str) -> str:
    """A commit's whole id.

    Raises:
        UsageError: it is a part of one, or a name, which may mean another commit elsewhere.
    """
    found = text.strip().lower()
    if not _COMMIT.fullmatch(found):
        raise UsageError(
            f"{text!r} is not the whole id of a commit",
            where="command line, --commit",
            hint='--commit "$(git rev-parse HEAD)"',
        )
    return found


def receipts_of(cwd: Path, named: Iterable[str]) -> tuple[Path, ...]:
    """The receipts that are named, or all of the project around a folder, newest first.

    Args:
        cwd: where to look for the project, from here upward.
        named: files, folders that hold receipts at any depth, or ids of runs.

    Raises:
        UsageError: one is none of these.
        EnvironmentFault: a folder of a run cannot be read.
    """
    # `--help` must not pay for it.
    from sandgate.control.living import is_there, project_folder, run_folders  # noqa: PLC0415

    project = project_folder(cwd)
    runs = run_folders(project)[::-1] if project else ()
    wanted = tuple(named)
    if not wanted:
        return tuple(path for folder in runs if is_there(path := folder / _NAME))
    known = {folder.name: folder for folder in runs}
    for folder in (known[name] for name in wanted if name in known):
        is_there(folder / _NAME)  # or nobody can tell
    return tuple(path for name in wanted for path in _found(name, known))


def _found(name: str, runs: Mapping[str, Path]) -> Iterator[Path]:
    place = Path(name)
    if os.path.isfile(place):  # noqa: PTH113 - Path's own raises where a folder on the way cannot be read
        yield place
        return
    folder = place if os.path.isdir(place) else runs.get(name)  # noqa: PTH112
    paths = sorted(folder.rglob(_NAME), reverse=True) if folder else []
    if not paths:
        close = nearest(name, runs)
        hint = f"did you mean {close}?" if close else "a file, a folder with receipts, or the id of a run here"
        raise UsageError(f"there is no receipt {name!r}", where=str(here()), hint=hint)
    yield from paths


def read_receipt(path: Path) -> object:
    """What the file holds.

    Raises:
        ConfigError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"the receipt cannot be read: {type(error).__name__}", where=str(path)) from None


def shown_receipt(path: Path) -> Mapping[str, Any]:
    """A receipt that can be shown.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    from sandgate.reports.receipt_shape import flaw_of  # noqa: PLC0415 - for `--help`

    found = read_receipt(path)
    if flaw := flaw_of(found):
        hint = "`sandgate run` writes receipts, as receipt.json in the run's folder"
        raise ConfigError(f"this is no receipt of sandgate: {flaw}", where=str(path), hint=hint)
    assert isinstance(found, Mapping)
    return found
