"""Outputs that somebody has closed: what is said to nobody is no reason to do less, or to end in another way."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO

from sandgate.errors import EnvironmentFault

__all__ = ["check_outputs", "prepare_outputs"]


class _Output(io.RawIOBase):
    """A descriptor that takes whatever is written, and remembers what has stood in the way."""

    def __init__(self, descriptor: int) -> None:
        self.problem: OSError | None = None
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        try:
            return os.write(self._descriptor, data)
        except BrokenPipeError:  # its reader has heard enough: `| head`
            return len(data)
        except OSError as error:
            self.problem = error
            return len(data)


def prepare_outputs() -> None:
    """Let what this process prints go wherever that is possible; to be called before anything else is opened.

    A descriptor that is closed would be the next file's, which would then hold what is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdout, sys.stderr = _lenient(sys.stdout, 1), _lenient(sys.stderr, 2)


def check_outputs() -> None:
    """Write what waits to be written.

    Raises:
        EnvironmentFault: something that was printed could not be written; for errors there would be nowhere to say so.
    """
    sys.stderr.flush()
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Output) and raw.problem is not None:
        raise EnvironmentFault(
            f"what was printed is lost: {raw.problem.strerror}",
            where="standard output",
            hint="send it to a place that takes it; what the command does is done",
        )


def _lenient(stream: TextIO | None, descriptor: int) -> TextIO:
    raw: Any = _Output(descriptor)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(stream, "encoding", None),
        errors=getattr(stream, "errors", None),
        line_buffering=getattr(stream, "line_buffering", False),
        write_through=getattr(stream, "write_through", False),
    )
