"""The private folder of one performance of a story; what a killed one has left goes with the next."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandgate.errors import EnvironmentFault

__all__ = ["workspace"]

_LOCK, _KEPT = "lock", "kept"
"""The one is held while a story lasts; the other says that a person wants to look at it."""


@contextmanager
def workspace(parent: Path, *, keep: bool) -> Iterator[Path]:
    """A new folder, for this user only; outside of any project, so that nothing finds the settings of one above it.

    Args:
        parent: where it is made.
        keep: whether it stays.

    Raises:
        EnvironmentFault: it cannot be made.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _tidy(parent)
        folder = Path(tempfile.mkdtemp(prefix="s-", dir=parent)).resolve()
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot make a folder for the story: {error.strerror}",
            where=str(parent),
            hint="make room, or set cache_dir",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        if keep:
            (folder / _KEPT).touch()
        else:
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _tidy(parent: Path) -> None:
    """Remove the folders of stories that were killed: nobody holds their lock."""
    for folder in parent.glob("s-*"):
        with contextlib.suppress(OSError):
            if (folder / _KEPT).exists():
                continue
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
