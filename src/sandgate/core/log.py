"""The append-only event log: one JSON object a line, whole lines only, readable after any crash."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["AppendLog", "cut_torn_line", "read_log"]

_BLOCK = 4096

_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


class AppendLog:
    """One writer's end of a log.

    A line goes out in a single `write` to a descriptor opened with O_APPEND, so a killed writer leaves at most one
    torn last line, which the reader skips.

    Args:
        path: created with mode 0600 if it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.failed = ""
        """Why a line could not be written; once set it stays, since the log has a hole."""

    def append(self, event: Mapping[str, object]) -> bool:
        """Write one event; false when it could not be written whole."""
        return self.append_text(_ENCODE(event))

    def append_text(self, text: str) -> bool:
        """Write one event that is JSON already, on one line and in ASCII; for those that are written all the time."""
        if self.failed:
            return False
        line = text.encode("ascii") + b"\n"
        try:
            written = os.write(self._fd, line)
        except OSError as error:
            self.failed = error.strerror or type(error).__name__
            return False
        if written != len(line):
            self.failed = "no space left on device"
            return False
        return True

    @property
    def size(self) -> int:
        """Bytes that the log has now: where the next event begins."""
        return os.fstat(self._fd).st_size

    def close(self) -> None:
        """Close the descriptor; its number may soon be another file's, so nothing is written any more."""
        self.failed = self.failed or "closed"
        os.close(self._fd)


def cut_torn_line(path: Path) -> None:
    """Take away what follows the last newline: half a line, whose writer died before anybody acted on it.

    Args:
        path: of a log that nobody writes now; a missing one stays missing.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        size = at = os.fstat(descriptor).st_size
        while at > 0:
            step = min(_BLOCK, at)
            newline = os.pread(descriptor, step, at - step).rfind(b"\n")
            at = at - step + newline + 1
            if newline >= 0:
                break
        if at != size:
            os.ftruncate(descriptor, at)
    finally:
        os.close(descriptor)


def read_log(path: Path, *, start: int = 0) -> Iterator[Mapping[str, object]]:
    """Every whole event of a log; a torn last line is skipped, a missing file is an empty log.

    Args:
        path: of the log.
        start: byte at which to begin, the size that the log had between two events.

    Raises:
        ValueError: a line before the last is damaged, which no crash of ours can do.
    """
    try:
        with path.open("rb") as log:
            log.seek(start)
            data = log.read()
    except FileNotFoundError:
        return
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            if number == len(lines):  # no newline after it: torn
                return
            raise ValueError(f"{path}:{number}: damaged event")
        yield event
