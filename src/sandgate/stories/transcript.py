"""The transcript of a story: every line with the time at which it came, in a file and on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sandgate.core.redact import redact_text

__all__ = ["NAME", "Transcript"]

NAME = "transcript.txt"
"""Of the file, in the run directory."""


class Transcript:
    """Writes lines from several threads, whole.

    Args:
        path: of the file; readable by its owner alone.
        show: shows a line to a person.
        secrets: what is taken out of every line.
        now: seconds since 1970.
    """

    def __init__(
        self,
        path: Path,
        *,
        show: Callable[[str], None],
        secrets: Iterable[str] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        path.touch(mode=0o600)
        self._file = path.open("a", encoding="utf-8")
        self._show = show
        self._secrets = tuple(secret for secret in secrets if secret)
        self._now = now
        self._lock = threading.Lock()

    def say(self, who: str, text: str) -> None:
        """Write a line.

        Args:
            who: said it: a step's name and stream, or `story`.
            text: without its end.
        """
        at = datetime.fromtimestamp(self._now(), tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        line = redact_text(f"{at} {who:<12} | {text.rstrip()}", self._secrets)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()
            with suppress(OSError):  # nobody looks any more; the story goes on, and its run is swept
                self._show(line)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
