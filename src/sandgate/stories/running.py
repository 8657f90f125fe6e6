"""One step as a process: in a session of its own without a terminal, its output read while it comes, ended in time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from sandgate.core.interrupts import blocked
from sandgate.stories.guardian import end_marked
from sandgate.stories.guarding import MARK
from sandgate.stories.runtimes._model import Command

__all__ = ["Outcome", "StepProcess"]

_GRACE = 5.0
"""Seconds between the signal that asks a step to end and the one that does not ask."""
_DRAIN = 10.0
"""Seconds for output of what escaped from the step's process group."""
_MOST = 4 * 2**20
"""Bytes of one stream that are kept for what is expected of it."""
_HEARD = 16 * 2**20
"""Bytes of one stream that are told; a step that never stops would fill the disk with its transcript."""
_LINE = 2**16
"""Bytes of one line that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step did."""

    status: int
    """As shells tell it."""
    output: str
    errors: str
    seconds: float
    timed_out: bool = False
    cut: bool = False
    """Whether it printed more than is kept in `output`."""


class StepProcess:
    """A step that runs; has the methods that `Signals` of the command line asks of a child.

    Args:
        command: to start.
        limit: seconds it may take.
        heard: told each line: the stream's name, `out` or `err`, and the text.
        mark: a value of `SANDGATE_STEP` that all processes of the step inherit, and no other has.
        end: ends what the process group does not hold.
        begun: told the process group, and 0 once it is over.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        command: Command,
        *,
        limit: float,
        heard: Callable[[str, str], None],
        end: Callable[[], None],
        mark: str,
        begun: Callable[[int], None] = lambda _group: None,
    ) -> None:
        self._began = time.monotonic()
        self._end = end
        self._mark = mark
        self._begun = begun
        self._timed_out = False
        self._process = subprocess.Popen(  # noqa: S603 - the story's own step
            command.line,
            env=command.environ,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        begun(self._process.pid)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._kept = {"out": bytearray(), "err": bytearray()}
        streams = (("out", self._process.stdout), ("err", self._process.stderr))
        self._readers = [threading.Thread(target=self._read, args=(*one, heard), daemon=True) for one in streams]
        self._timer = threading.Timer(limit, self._late)
        self._timer.daemon = True
        # A signal of the process may go to any thread that does not block it; the main thread waits for them.
        with blocked(signal.valid_signals()):
            for thread in (*self._readers, self._timer):
                thread.start()

    def poll(self) -> int | None:
        """Its return code as `subprocess` has it, `None` while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it at once, with all that it started."""
        self._signal(signal.SIGKILL)
        self._end()

    def send(self, number: int, *, typed: bool) -> None:  # noqa: ARG002 - no terminal reaches its session
        """Pass a signal on."""
        self._signal(number)

    def finish(self) -> Outcome:
        """What it did, once `poll` has said that it ended; what it left running is ended."""
        self._timer.cancel()
        self._signal(signal.SIGKILL)
        end_marked(f"{MARK}={self._mark}")
        self._begun(0)
        if self._timed_out:
            self._end()
        deadline = time.monotonic() + _DRAIN
        for thread in self._readers:
            thread.join(max(0.0, deadline - time.monotonic()))
        code = self._process.wait()
        return Outcome(
            status=128 - code if code < 0 else code,
            output=_text(self._kept["out"]),
            errors=_text(self._kept["err"]),
            seconds=time.monotonic() - self._began,
            timed_out=self._timed_out,
            cut=len(self._kept["out"]) > _MOST,
        )

    def _late(self) -> None:
        self._timed_out = True
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        while self._process.returncode is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._process.returncode is None:
            self.kill()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read(self, name: str, stream: IO[bytes], heard: Callable[[str, str], None]) -> None:
        kept, told, fresh = self._kept[name], 0, True
        with stream, contextlib.suppress(OSError, ValueError):
            while piece := stream.readline(_LINE):
                # One byte more than is kept shows that there was more.
                kept += piece[: max(0, _MOST + 1 - len(kept))]
                whole = piece.endswith(b"\n")
                if fresh and told <= _HEARD:
                    told += len(piece)
                    more = " … (and more of it, which is not told)" if not whole and len(piece) == _LINE else ""
                    heard(name, piece.decode(errors="replace") + more)
                    if told > _HEARD:
                        heard(name, f"(more than {_HEARD // 2**20} MiB; the rest is not told)")
                fresh = whole


def _text(kept: bytearray) -> str:
    return bytes(kept[:_MOST]).decode(errors="replace")
