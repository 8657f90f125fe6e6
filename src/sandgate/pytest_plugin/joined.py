"""Refusals in a session of a run that goes on: `sandgate stop` judges the run, but nobody has to wait for that."""

from __future__ import annotations

from collections.abc import Collection

from sandgate.core.log import read_log
from sandgate.reports.refusals import RefusalGroup, refusals_of
from sandgate.run import Run

__all__ = ["JoinedSession"]


class JoinedSession:
    """What the gate refused to the tests of one session.

    Args:
        run: that was started by `sandgate start` and joined by this session.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._start = run.mark()

    def refusals(self, tests: Collection[str]) -> tuple[RefusalGroup, ...]:
        """Refusals since the session began.

        Args:
            tests: ids of its tests; other sessions may use the same gate.
        """
        self._run.mark()  # by now every call that was answered is in the log
        events = read_log(self._run.directory / "events.jsonl", start=self._start)
        return refusals_of(event for event in events if event.get("event") == "expected" or event.get("test") in tests)
