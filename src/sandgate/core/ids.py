"""Ids of runs and calls, and the namespace that names a run's resources."""

from __future__ import annotations

import contextlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["call_ids", "machine_word", "new_namespace", "new_run_id", "worker_namespace"]

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_ALNUM = _ALPHABET + "0123456789"
_ORDERED = "".join(sorted(_ALNUM))
_DIGITS = len(_ORDERED)


def new_run_id(now: datetime | None = None) -> str:
    """A run id that sorts by time and is unique on one machine: `20260131-120000-k3x9q2`.

    The first two characters behind the second divide it, for runs that follow each other faster than that.
    """
    moment = now or datetime.now(UTC)
    part, rest = divmod(moment.microsecond * _DIGITS**2 // 1_000_000, _DIGITS)
    within = f"{_ORDERED[part]}{_ORDERED[rest]}"
    return f"{moment:%Y%m%d-%H%M%S}-{within}{''.join(secrets.choice(_ALNUM) for _ in range(4))}"


def new_namespace() -> str:
    """Six characters, a letter first: with the prefix `test-` it stays under the 14 that CloudFormation leaves us."""
    return secrets.choice(_ALPHABET) + "".join(secrets.choice(_ALNUM) for _ in range(5))


def machine_word(folder: Path) -> str:
    """A random word by which a machine is known to others; it says nothing of who works there.

    Args:
        folder: keeps it, so that it is the same next time.
    """
    path = folder / "machine"
    for _ in range(2):
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = folder / f"machine.{secrets.token_hex(4)}"
            fresh.write_text(f"machine-{new_namespace()}\n", encoding="ascii")
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)  # two at once: the first counts
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()


class _CallIds:
    """Cheap unique ids: a random start, then counting. `uuid4` per call would cost more than the rest of the id."""

    def __init__(self) -> None:
        self._prefix = os.urandom(4).hex()
        self._next = 0

    def __call__(self) -> str:
        self._next += 1
        return f"{self._prefix}-{self._next:06x}"


def call_ids() -> _CallIds:
    """A source of call ids for one gate."""
    return _CallIds()


def worker_namespace(namespace: str, worker: str) -> str:
    """The namespace of a parallel worker: the run's own, and two characters for the worker's number.

    Args:
        namespace: the run's.
        worker: `main`, or what pytest-xdist calls a worker: `gw0`, `gw1`, ...
    """
    if worker == "main":
        return namespace
    digits = "".join(c for c in worker if c.isdigit())
    number = int(digits) if digits else sum(worker.encode())
    return f"{namespace}{_ALNUM[number // 36 % 36]}{_ALNUM[number % 36]}"
