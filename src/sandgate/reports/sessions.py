"""Sessions of pytest in a run: tests that were selected and of which nobody heard again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Sessions"]


@dataclass(slots=True)
class _Session:
    selected: int | None = None
    """Tests that were going to run, `None` until that was known."""
    reported: set[str] = field(default_factory=set)
    """Ids of tests that have an outcome, each once however often it ran."""
    status: int | None = None
    """pytest's own at its end, `None` where it never got there."""

    @property
    def missing(self) -> int:
        """Tests without an outcome."""
        return max((self.selected or 0) - len(self.reported), 0)

    @property
    def never_selected(self) -> bool:
        """Whether it ended before it knew its tests, and no status of its own says so."""
        return self.selected is None and not self.reported and self.status in (None, 0)


class Sessions:
    """What sessions of pytest said of themselves, each by an id of its own."""

    def __init__(self) -> None:
        self._all: dict[str, _Session] = {}

    def add(self, event: Mapping[str, object]) -> None:
        """Take an event; those without a session are not of a pytest that counts its tests."""
        if not (name := event.get("session")):
            return
        session = self._all.setdefault(str(name), _Session())
        kind = event.get("event")
        if kind == "session" and "tests" in event:
            session.selected = max(session.selected or 0, int(str(event["tests"])))
        elif kind == "test":
            session.reported.add(str(event["id"]))
        elif kind == "selected":
            session.status = int(str(event["status"]))

    def reasons(self, *, failed: bool) -> Iterator[str]:
        """Why these sessions prove less than it looks.

        Args:
            failed: whether a test failed. A pytest that reached its end may then have stopped early because it was
                told to (`-x`, `--maxfail`), or because files could not be imported, and is red for that.
        """
        told = [session for session in self._all.values() if session.status is None or not failed]
        if any(session.never_selected for session in told):
            yield "pytest ended before it had selected its tests"
        short = [session for session in told if session.missing]
        if short:
            missing, selected = sum(session.missing for session in short), sum(one.selected or 0 for one in short)
            yield f"{missing} of {selected} selected tests {'has' if missing == 1 else 'have'} no outcome"
