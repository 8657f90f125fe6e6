"""Which gates live in a project, and which of them is meant when nobody says: for commands that find a gate by place.

A run directory with a `run.json` whose control socket answers is a living run. `.sandgate/current` names the run that
was started last; it is replaced atomically, so that two starts at once leave one of the two names there.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandgate.core.files import replace_text
from sandgate.errors import EnvironmentFault, UsageError

__all__ = [
    "SWEEPING",
    "Living",
    "choose",
    "forget",
    "is_there",
    "living",
    "project_folder",
    "remember",
    "run_folders",
]

SWEEPING = "sweeping"
"""A file in the directory of a dead run that a sweep has taken up; its own gate never comes back."""
_FOLDER = ".sandgate"
_CURRENT = "current"
_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """A run whose gate answers."""

    id: str
    directory: Path
    tier: str
    asked: str
    """The tier as its starter named it: an alias perhaps."""
    gate_url: str
    detached: bool
    """Whether it was started by `sandgate start`; else it ends with the command that started it."""


def living(root: Path) -> tuple[Living, ...]:
    """The living runs of a project, oldest first.

    Args:
        root: the folder that holds `.sandgate`.

    Raises:
        EnvironmentFault: a folder of a run, or that of all, cannot be read.
    """
    return tuple(run for directory in run_folders(root) for run in _living(directory))


def run_folders(root: Path) -> tuple[Path, ...]:
    """The folders of a project's runs, oldest first; what else lies there is none.

    Args:
        root: the folder that holds `.sandgate`.

    Raises:
        EnvironmentFault: the folder of all runs cannot be read.
    """
    runs = root / _FOLDER / "runs"
    try:
        with os.scandir(runs) as found:
            return tuple(sorted(runs / entry.name for entry in found if entry.is_dir()))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise _unreadable(runs, error) from None


def is_there(path: Path) -> bool:
    """Whether a file is in a folder of runs: that one cannot look is not the same as that it is missing.

    Raises:
        EnvironmentFault: nobody can tell.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(path.parent, error) from None
    return True


def _unreadable(folder: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"this folder cannot be read, so what runs are in it is not known: {error.strerror}",
        where=str(folder),
        hint="somebody else has made it, perhaps sudo or a container: let yourself read it, or look as that user",
    )


def _living(directory: Path) -> Iterator[Living]:
    is_there(directory / "run.json")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads((directory / "run.json").read_bytes())
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(_ANSWER_SECONDS)
            control.connect(data["control"])
        yield Living(
            id=data["run"],
            directory=directory,
            tier=data["tier"],
            asked=_asked(directory) or data["tier"],
            gate_url=data["gate"],
            detached=(directory / "detached").exists() and not (directory / SWEEPING).exists(),
        )


def _asked(directory: Path) -> str:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return str(json.loads((directory / "config.json").read_bytes()).get("asked_tier", ""))
    return ""


def choose(*, cwd: Path, environ: Mapping[str, str], run: str = "", tier: str = "", stands_for: str = "") -> Living:
    """The living run that is meant.

    Args:
        cwd: the nearest folder with runs, from here upward, is the project.
        environ: a process that belongs to a run of a command means that one; one whose shell was set up by
            `sandgate env` means it where the project has no other.
        run: id of a run, or its folder; empty is the one that was started last.
        tier: only runs of that tier; one that was asked for by this very name goes before.
        stands_for: the tier itself, where `tier` is another name for it.

    Raises:
        UsageError: there is none.
        EnvironmentFault: nobody can tell, since a folder cannot be read.
    """
    root = project_folder(cwd)
    here = living(root) if root else ()
    own = next(_living(Path(environ["SANDGATE_RUN_DIR"])), None) if environ.get("SANDGATE_RUN_DIR") else None
    known = _unique([*here, *([own] if own else [])])
    if run:
        found = [entry for entry in known if entry.id == run] or list(_living(cwd / run))
    else:
        current = _read_current(root) if root else ""
        ranked = sorted(here, key=lambda entry: (entry.id == current, entry.detached, entry.id), reverse=True)
        ranked = [entry for entry in ranked if entry.detached]
        found = [own, *ranked] if own and not own.detached else [*ranked, *([own] if own else [])]
    if tier:
        by_name = [entry for entry in found if entry.asked == tier]
        found = by_name or [entry for entry in found if entry.tier in {tier, stands_for}]
    if found:
        return found[0]
    raise _none(run, tier, known, cwd, lost=bool(environ.get("SANDGATE_RUN_DIR")) and own is None)


def _none(run: str, tier: str, known: Iterable[Living], cwd: Path, *, lost: bool) -> UsageError:
    what = f"no gate of the run {run!r} lives" if run else "no gate lives here"
    what = f"no gate of the tier {tier!r} lives here" if tier and not run else what
    hint = f"start one with `sandgate start{f' --tier {tier}' if tier else ''}`"
    others = ", ".join(f"{entry.id} (tier {entry.tier})" for entry in known)
    if others:
        hint += f"; these live: {others}"
    if lost:
        hint += '; `eval "$(sandgate env --clear)"` takes the run that has ended out of this shell'
    return UsageError(what, where=str(cwd), hint=hint)


def _unique(entries: Iterable[Living]) -> list[Living]:
    return list({entry.directory.resolve(): entry for entry in entries}.values())


def remember(root: Path, run: str) -> None:
    """Make a run the one that is meant when nobody says which."""
    replace_text(root / _FOLDER / _CURRENT, f"{run}\n")


def forget(root: Path, run: str) -> None:
    """Take a run that has ended out of `remember`; another one that lives takes its place."""
    if _read_current(root) != run:
        return
    others: list[Living] = []
    with contextlib.suppress(EnvironmentFault):  # the run has ended all the same
        others = [entry for entry in living(root) if entry.detached and entry.id != run]
    if others:
        remember(root, others[-1].id)
    else:
        (root / _FOLDER / _CURRENT).unlink(missing_ok=True)


def _read_current(root: Path) -> str:
    with contextlib.suppress(OSError):
        return (root / _FOLDER / _CURRENT).read_text(encoding="utf-8").strip()
    return ""


def project_folder(cwd: Path) -> Path | None:
    """The nearest folder from `cwd` upward that has runs; no configuration is read, so a broken one stops nobody.

    Raises:
        EnvironmentFault: a folder on the way cannot be read.
    """
    start = cwd.absolute()
    places = ((folder, folder / _FOLDER / "runs") for folder in (start, *start.parents))
    return next((folder for folder, runs in places if is_there(runs) and runs.is_dir()), None)
