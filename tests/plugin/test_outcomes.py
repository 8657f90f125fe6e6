from __future__ import annotations

from dataclasses import dataclass

import pytest

from sandgate.pytest_plugin.outcomes import Outcomes


@dataclass
class Report:
    when: str | None
    outcome: str
    nodeid: str = "t.py::test"


@dataclass
class Expected(Report):
    wasxfail: str = "reason"


PASSED = [Report("setup", "passed"), Report("call", "passed"), Report("teardown", "passed")]


@pytest.mark.parametrize(
    ("reports", "outcome"),
    [
        (PASSED, "passed"),
        ([PASSED[0], Report("call", "failed"), PASSED[2]], "failed"),
        ([PASSED[0], Report("call", "skipped"), PASSED[2]], "skipped"),
        ([Report("setup", "skipped"), PASSED[2]], "skipped"),
        ([Report("setup", "failed"), PASSED[2]], "error"),
        ([PASSED[0], PASSED[1], Report("teardown", "failed")], "error"),
        ([PASSED[0], Report("call", "failed"), Report("teardown", "failed")], "failed"),
        ([PASSED[0], Expected("call", "skipped"), PASSED[2]], "xfailed"),
        ([PASSED[0], Expected("call", "passed"), PASSED[2]], "xpassed"),
        ([Expected("setup", "skipped"), PASSED[2]], "xfailed"),
        ([Report("???", "failed")], "failed"),
        # pytest-rerunfailures reports a failed attempt as "rerun" and sends the teardown of the last attempt only
        ([PASSED[0], Report("call", "rerun"), *PASSED], "passed"),
    ],
)
def test_each_test_has_one_outcome(reports: list[Report], outcome: str) -> None:
    outcomes = Outcomes()
    assert [said for report in reports if (said := outcomes.add(report))] == [outcome]


@dataclass
class Subtest(Report):
    context: str = "of a subtest"


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ([PASSED[0], Subtest("call", "skipped"), Subtest("call", "passed"), *PASSED[1:]], ["skipped", "passed"]),
        ([PASSED[0], Subtest("call", "failed"), *PASSED[1:]], ["failed"]),  # pytest-subtests lets the test pass
        ([PASSED[0], Subtest("call", "failed"), Report("call", "failed"), PASSED[2], *PASSED], ["failed", "passed"]),
    ],
)
def test_a_skipped_subtest_counts_beside_its_test(reports: list[Report], said: list[str]) -> None:
    outcomes = Outcomes()
    assert [outcome for report in reports if (outcome := outcomes.add(report))] == said


def test_reports_of_parallel_workers_may_interleave() -> None:
    outcomes = Outcomes()
    for when in ("setup", "call"):
        outcomes.add(Report(when, "passed", "a"))
        outcomes.add(Report(when, "failed" if when == "call" else "passed", "b"))
    assert outcomes.add(Report("teardown", "passed", "a")) == "passed"
    assert outcomes.add(Report("teardown", "passed", "b")) == "failed"


def test_a_test_that_runs_again_starts_afresh() -> None:
    outcomes = Outcomes()
    first = [outcomes.add(report) for report in [PASSED[0], Report("call", "failed"), PASSED[2]]]
    second = [outcomes.add(report) for report in PASSED]
    assert (first[-1], second[-1]) == ("failed", "passed")
