"""The run directory as an isolated command sees it: what joining a run needs, and nothing of other runs.

The folder is the command's to write: nothing outside believes what is in it but the names of stacks that must be
deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path

from sandgate.control.bundles import CERTIFICATES
from sandgate.control.door import CONTROL, INLET
from sandgate.control.elsewhere import seen, tell
from sandgate.core.java import SUFFIX
from sandgate.stacks.kept import remember

__all__ = ["FOLDER", "make_view", "take_back"]

FOLDER = Path("/run/sandgate")
"""Where the folder of the gate's door stands inside; short, as paths of sockets must be."""
_COPIED = ("config.json", "namespace")
_OF_THE_PROXY = (*CERTIFICATES, f"*{SUFFIX}")
_ARTIFACTS = "artifacts"


def make_view(run_directory: Path, view: Path, cache: Path) -> None:
    """Make the folder that stands for a run directory.

    Args:
        run_directory: of a living run.
        view: the folder to make.
        cache: what stands inside for the folder of what outlives runs.
    """
    view.mkdir(mode=0o700)
    data = json.loads((run_directory / "run.json").read_bytes())
    inside = {
        "pid": 0,
        "control": str(FOLDER / CONTROL),
        "inlet": str(FOLDER / INLET),
        "work_dir": str(FOLDER),
        "cache_dir": str(cache),
    }
    (view / "run.json").write_text(json.dumps({**data, **inside}), encoding="utf-8")
    for name in _COPIED:
        shutil.copyfile(run_directory / name, view / name)
    for path in (found for pattern in _OF_THE_PROXY for found in run_directory.glob(pattern)):
        shutil.copy(path, view / path.name)
    (view / "empty").touch(mode=0o400)
    # A place to mount the real one on.
    (view / "events.jsonl").touch()


def take_back(view: Path, run_directory: Path) -> None:
    """Note in the run directory which stacks and uploads the command's run must remove, and what it tried to reach.

    Only names are read, and lines of one form: whatever else is in the folder, links for one, may be there to mislead.
    """
    with contextlib.suppress(OSError):
        for path in sorted((view / "stacks").glob("*.stack"), key=lambda path: path.lstat().st_mtime_ns):
            remember(run_directory, path.name.removesuffix(".stack"))
    with contextlib.suppress(OSError):
        tell(run_directory, seen(view))
    if os.path.lexists(view / _ARTIFACTS):
        (run_directory / _ARTIFACTS).touch()
