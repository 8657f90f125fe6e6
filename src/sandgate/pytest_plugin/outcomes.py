"""The outcome of a test, folded from pytest's three reports about it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Outcomes", "Report", "is_subtest", "outcome_of"]

_PHASES = frozenset({"setup", "call", "teardown"})


class Report(Protocol):
    """What is read of a `pytest.TestReport`."""

    @property
    def nodeid(self) -> str:
        """Of the test."""

    @property
    def when(self) -> str | None:
        """`setup`, `call` or `teardown`."""

    @property
    def outcome(self) -> str:
        """`passed`, `failed`, `skipped`, or a word of another plugin."""


def outcome_of(report: Report) -> str:
    """What one report says of its test, empty where it says nothing: a passed setup or teardown.

    Returns:
        `passed`, `failed`, `error`, `skipped`, `xfailed` or `xpassed`, in pytest's meaning of the words.
    """
    expected = hasattr(report, "wasxfail")
    if report.when not in _PHASES:
        return "failed"  # pytest-xdist's report of a test during which the worker died
    if report.outcome == "skipped":
        return "xfailed" if expected else "skipped"
    if report.outcome == "failed":
        return "failed" if report.when == "call" else "error"
    if report.when != "call" or report.outcome != "passed":
        return ""  # other outcomes are of plugins that run a test again
    return "xpassed" if expected else "passed"


def is_subtest(report: Report) -> bool:
    """Whether a report is of a part of its test, as pytest 9, pytest-subtests and unittest know them."""
    return hasattr(report, "context")


class Outcomes:
    """Final outcomes, each test's once, whatever the order in which workers report."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        self._broken: set[str] = set()
        """Ids of tests that run, and of which a subtest failed."""
        self.tests: set[str] = set()
        """Ids of all tests that reported."""

    def add(self, report: Report) -> str:
        """Take a report.

        Returns:
            The test's outcome if this was its last report, else nothing. Of subtests only the skipped have an outcome
            of their own, at once: the test around it may pass, and yet not all of it ran.
        """
        self.tests.add(report.nodeid)
        if is_subtest(report):
            return self._add_subtest(report)
        now, before = outcome_of(report), self._open.get(report.nodeid, "")
        # An error in the teardown outdoes a pass, but what failed stays failed.
        result = before if not now or (now == "error" and before == "failed") else now
        if report.when in ("setup", "call"):
            self._open[report.nodeid] = result
            return ""
        self._open.pop(report.nodeid, None)
        if report.nodeid in self._broken:
            self._broken.discard(report.nodeid)
            return "failed"
        return result

    def _add_subtest(self, report: Report) -> str:
        outcome = outcome_of(report)
        if outcome == "failed":
            self._broken.add(report.nodeid)
        return outcome if outcome == "skipped" else ""
