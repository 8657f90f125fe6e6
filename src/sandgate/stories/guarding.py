"""The story's side of its guardian: what is to be ended and removed where the story itself is killed."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sandgate.stories import guardian
from sandgate.stories.programs import build_environment

__all__ = ["MARK", "Guarded", "guarded"]

MARK = "SANDGATE_STEP"
"""Variable by which what left a step's process group is known."""


class Guarded:
    """Tells the guardian.

    Args:
        process: it.
        mark: of the story.
    """

    def __init__(self, process: subprocess.Popen[bytes], mark: str) -> None:
        self._process = process
        self._mark = mark

    def new_mark(self) -> str:
        """A value of `MARK` for one step, which no other has."""
        return f"{self._mark}.{secrets.token_hex(4)}"

    def will(self, *programs: Sequence[str]) -> None:
        """Name programs that remove what is about to be made."""
        for program in programs:
            self._tell(list(program))

    def begun(self, group: int) -> None:
        """A step runs, in that process group; 0 for none any more."""
        self._tell(group)

    def _tell(self, what: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # somebody has ended it; a story is no worse for that while it lives
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """All is well: it has nothing to do."""
        self._tell(None)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


@contextmanager
def guarded() -> Iterator[Guarded]:
    """A guardian, for as long as the story lasts.

    Raises:
        OSError: it cannot be started.
    """
    mark = secrets.token_hex(8)
    process = subprocess.Popen(  # noqa: S603 - our own program
        (sys.executable, "-I", "-S", str(guardian.__file__), f"{MARK}={mark}."),
        env=build_environment(),
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    found = Guarded(process, mark)
    try:
        yield found
    finally:
        found.close()
