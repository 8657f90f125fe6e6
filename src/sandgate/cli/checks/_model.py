"""What a check is: something that is looked at, and what was found there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sandgate.config.model import Config

__all__ = ["Check", "Facts", "Finding", "State"]

T = TypeVar("T")


class State(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing must be done."""
    MEND = "mend"
    """Something must be mended."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found."""

    state: State
    text: str
    """No secret, and of an access key id its ends only."""
    remedy: str = ""
    """The command or the edit that mends it, or that lets it be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What checks look at. They run at once, each in a thread; what several need is asked once."""

    config: Config
    environ: Mapping[str, str] = field(repr=False)
    here: Path
    """The folder that the user is in."""
    now: float
    """Seconds since 1970."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _made: dict[Any, Future[Any]] = field(default_factory=dict, repr=False)

    @property
    def real(self) -> bool:
        """Whether the tier is a real account."""
        return self.config.tier == "sandbox"

    def once(self, ask: Callable[[Facts], T]) -> T:
        """What a function answers about these facts; who comes second waits for the first one's answer.

        Args:
            ask: the question; what it raises, everybody gets.
        """
        with self._lock:
            first = ask not in self._made
            future = self._made.setdefault(ask, Future())
        if first:
            try:
                future.set_result(ask(self))
            except Exception as error:  # noqa: BLE001 - it belongs to everybody who asks
                future.set_exception(error)
        answer: T = future.result()
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A case of the registry: one file in `checks/` exports one as `CHECK`."""

    name: str
    place: int
    """Where it stands on the screen."""
    look: Callable[[Facts], Iterable[Finding]]
    """Raises `SandgateError` for what could not be looked at."""
    only_real: bool = False
    """Whether it is about a real account, and says nothing on other tiers."""
    asks: str = ""
    """Whom it asks over the network; empty: nobody."""
