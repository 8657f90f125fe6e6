"""A record on disk of what tests make outside of AWS, so that what a killed run left is found by the next one.

One file per process, whose lock says that the process lives: the kernel lets go of it however a process ends. A line is
on the disk before the thing is made, and another one after it is gone.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

__all__ = ["Leftovers", "sweep_dead"]

Entry = Mapping[str, str]


class Leftovers:
    """The record of this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{uuid.uuid4().hex}.jsonl"
        self._file: IO[str] = self._path.open("a", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def will_make(self, **entry: str) -> None:
        """Write down, before it is made, what will have to be removed."""
        self._write({"made": entry})

    def gone(self, **entry: str) -> None:
        """Write down that it was removed."""
        self._write({"gone": entry})

    @property
    def left(self) -> list[Entry]:
        """What is there still, the newest first."""
        return _left(self._path)

    def close(self) -> None:
        """End the record; it stays on disk if something is left."""
        if not self.left:
            self._path.unlink()
        self._file.close()

    def _write(self, line: Mapping[str, Entry]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def sweep_dead(folder: Path, remove: Callable[[Entry], bool]) -> list[Entry]:
    """Remove what processes left that are no more.

    Args:
        folder: of the records.
        remove: takes an entry away; whether it could, and knew where to look.

    Returns:
        What was removed.
    """
    swept: list[Entry] = []
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("a", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its process lives
            kept = 0
            for entry in _left(path):
                if remove(entry):
                    swept.append(entry)
                    file.write(json.dumps({"gone": entry}) + "\n")
                    file.flush()
                else:
                    kept += 1
            if not kept:
                path.unlink(missing_ok=True)
    return swept


def _left(path: Path) -> list[Entry]:
    left: list[Entry] = []
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines():
        try:
            data = json.loads(line)
        except ValueError:
            continue  # torn by the kill: what it speaks of was not made yet
        if "made" in data:
            left.append(data["made"])
        elif data["gone"] in left:
            left.remove(data["gone"])
    return left[::-1]
