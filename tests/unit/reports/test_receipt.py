"""The verdict: what a run must have done to be green, and what each kind of red is called."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from sandgate.errors import ExitCode
from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import make_receipt

Log = list[dict[str, Any]]


def test_a_green_run(facts: RunFacts, log: Log) -> None:
    receipt = make_receipt(log, facts)
    assert (receipt.status, receipt.reasons) == (ExitCode.OK, ())
    assert (receipt.tests, receipt.calls) == ({"passed": 1}, {"dynamodb": {"PutItem": 1}})
    assert (receipt.reached, receipt.by_test_calls) == ({"dynamodb": 1}, 1)


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"exit_status": 1}, ExitCode.TESTS_FAILED, "the command ended with status 1"),
        ({"upstream_death": "it died"}, ExitCode.RUN, "it died"),
        (
            {"log_failure": "calls could not be recorded: disk full"},
            ExitCode.RUN,
            "calls could not be recorded: disk full",
        ),
        ({"require": ("s3",)}, ExitCode.EMPTY_RUN, "required service 's3' was not reached"),
        ({"leftovers": ({"type": "T", "name": "n"},)}, ExitCode.LEFTOVERS, "1 resource was left behind"),
        (
            {"findings": ({"what": "unnamed", "type": "T", "name": "theirs"},)},
            ExitCode.LEFTOVERS,
            "1 write stays where nobody can name what was written",
        ),
        (
            {"findings": ({"what": "unnamed", "name": "a"}, {"what": "sent", "name": "q"}) * 2},
            ExitCode.LEFTOVERS,
            "2 writes stay where nobody can name what was written",
        ),
        ({"stuck": ("it would not go",)}, ExitCode.LEFTOVERS, "it would not go"),
        ({"interrupted": True}, ExitCode.INTERRUPTED, "the run was interrupted"),
    ],
)
def test_one_thing_makes_it_red(
    change: dict[str, Any], status: ExitCode, reason: str, facts: RunFacts, log: Log
) -> None:
    receipt = make_receipt(log, dataclasses.replace(facts, **change))
    assert (receipt.status, receipt.reasons) == (status, (reason,))


def test_calls_that_went_elsewhere_make_it_red(facts: RunFacts, log: Log) -> None:
    there = {"event": "elsewhere", "host": "127.0.0.1:8000", "service": "dynamodb", "by": "Node.js"}
    receipt = make_receipt([*log, there], facts)
    reason = "calls reached another target than asked: 127.0.0.1:8000 (dynamodb, seen by Node.js)"
    assert (receipt.status, receipt.reasons) == (ExitCode.ELSEWHERE, (reason,))
    shown = make_receipt([*log, there], dataclasses.replace(facts, on_elsewhere="report"))
    assert (shown.status, len(shown.elsewhere)) == (ExitCode.OK, 1)


def test_a_run_without_calls_proves_nothing(facts: RunFacts, log: Log) -> None:
    receipt = make_receipt([log[0], log[3]], facts)
    assert (receipt.status, receipt.reasons) == (ExitCode.EMPTY_RUN, ("no call reached the tier 'emulated'",))


@pytest.mark.parametrize("end", [{"status": 400, "reached": False}, {"status": 0}, None])
def test_a_call_that_nobody_answered_reached_nothing(end: dict[str, Any] | None, facts: RunFacts, log: Log) -> None:
    events = [log[1], *([{"event": "done", "id": "1", **end}] if end else []), log[3]]
    assert make_receipt(events, facts).status is ExitCode.EMPTY_RUN


def test_what_the_deployer_did_proves_nothing_about_tests(facts: RunFacts, log: Log) -> None:
    deployed = [{**log[1], "principal": "deployer"}, log[2], log[3]]
    receipt = make_receipt(deployed, dataclasses.replace(facts, require=("dynamodb",)))
    assert receipt.status is ExitCode.EMPTY_RUN
    assert "no call reached the tier 'emulated'" in receipt.reasons
    assert "required service 'dynamodb' was not reached" in receipt.reasons
    assert (receipt.answered, dict(receipt.reached)) == (1, {})


def test_an_error_of_the_service_is_an_answer(facts: RunFacts, log: Log) -> None:
    events = [
        log[1],
        {"event": "done", "id": "1", "status": 503, "error": "ServiceUnavailable", "reached": True},
        log[3],
    ]
    assert make_receipt(events, facts).status is ExitCode.OK


def test_a_run_that_skipped_everything_is_red(facts: RunFacts, log: Log) -> None:
    skipped = {"event": "test", "id": "t", "outcome": "skipped"}
    receipt = make_receipt([*log[:3], skipped, skipped], facts)
    assert (receipt.status, receipt.reasons) == (ExitCode.EMPTY_RUN, ("every test was skipped",))
    assert make_receipt([*log, skipped], facts).status is ExitCode.OK


def test_a_runner_that_selected_nothing_is_red(facts: RunFacts, log: Log) -> None:
    selected = {"event": "selected", "tests": 0, "must_reach": False}
    receipt = make_receipt([*log, selected], facts)
    assert (receipt.status, receipt.reasons) == (ExitCode.EMPTY_RUN, ("no test was selected",))


def session(*tests: str, status: int | None = 0, selected: int | None = 3, name: str = "s") -> Log:
    """What a pytest says that reports the outcomes of these tests."""
    end = {"event": "selected", "tests": 1, "must_reach": True, "session": name, "status": status}
    return [
        {"event": "session", "session": name},
        *([] if selected is None else [{"event": "session", "session": name, "tests": selected}]),
        *({"event": "test", "id": test, "outcome": "passed", "session": name} for test in tests),
        *([] if status is None else [end]),
    ]


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        (session("a", "b", "c"), ()),
        (session("a", "b", "c", status=None), ()),  # all is proven
        (session("a", "b", "b", "b"), ("1 of 3 selected tests has no outcome",)),  # run again, or with subtests
        (session("a", status=None), ("2 of 3 selected tests have no outcome",)),
        (session(), ("3 of 3 selected tests have no outcome",)),
        (session("a", "b", "c") + session("a", "b", "c", name="t"), ()),
        (session("a", "b", "c") + session("a", "b", name="t"), ("1 of 3 selected tests has no outcome",)),
        (session("a") + session("a", "b", name="t"), ("3 of 6 selected tests have no outcome",)),
        (session(selected=None, status=None), ("pytest ended before it had selected its tests",)),
        (session(selected=None), ("pytest ended before it had selected its tests",)),
        (session(selected=None, status=4), ()),  # which is red by itself
        (session(selected=0), ()),
    ],
)
def test_a_selected_test_without_an_outcome_is_red(
    said: Log, reasons: tuple[str, ...], facts: RunFacts, log: Log
) -> None:
    receipt = make_receipt([*log[:3], *said], facts)
    assert (receipt.status, receipt.reasons) == (ExitCode.EMPTY_RUN if reasons else ExitCode.OK, reasons)
    assert make_receipt([*log[:3], *said], dataclasses.replace(facts, allow_empty=True)).reasons == reasons


def test_who_stops_a_run_early_is_told_the_cause_only(facts: RunFacts, log: Log) -> None:
    failed = {**log[3], "outcome": "failed"}
    stopped = make_receipt([*log[:3], failed, *session("a", status=1)], dataclasses.replace(facts, exit_status=1))
    assert stopped.reasons == ("the command ended with status 1",)
    died = make_receipt([*log[:3], failed, *session("a", status=None)], facts)
    assert [reason.rpartition(",")[0] for reason in died.reasons] == ["1 tests failed", ""]
    interrupted = make_receipt([*log, *session("a", status=2)], dataclasses.replace(facts, interrupted=True))
    assert interrupted.reasons == ("the run was interrupted",)


def test_a_runner_may_say_that_its_tests_reach_nothing(facts: RunFacts, log: Log) -> None:
    selected = {"event": "selected", "tests": 1, "must_reach": False}
    assert make_receipt([selected, log[3]], facts).status is ExitCode.OK
    assert make_receipt([{**selected, "must_reach": True}, log[3]], facts).status is ExitCode.EMPTY_RUN


def test_where_a_skip_means_red_one_is_enough(facts: RunFacts, log: Log) -> None:
    skipped, strict = {"event": "test", "id": "t", "outcome": "skipped"}, dataclasses.replace(facts, on_skip="fail")
    receipt = make_receipt([*log, skipped], strict)
    assert (receipt.status, receipt.reasons) == (ExitCode.EMPTY_RUN, ("1 test was skipped",))
    assert make_receipt([*log, skipped, skipped], strict).reasons == ("2 tests were skipped",)
    allowed = dataclasses.replace(strict, allow_empty=True, wants_calls=False)
    assert make_receipt([*log, skipped], allowed).status is ExitCode.EMPTY_RUN
    assert make_receipt(log, strict).status is ExitCode.OK


def test_allow_empty_allows_just_that(facts: RunFacts, log: Log) -> None:
    allowed = dataclasses.replace(facts, allow_empty=True)
    assert make_receipt([], allowed).status is ExitCode.OK
    assert make_receipt([], dataclasses.replace(allowed, exit_status=3)).status is ExitCode.TESTS_FAILED
    assert make_receipt([], dataclasses.replace(allowed, require=("s3",))).status is ExitCode.EMPTY_RUN
    assert make_receipt(log, dataclasses.replace(allowed, leftovers=({"type": "T", "name": "n"},))).status is (
        ExitCode.LEFTOVERS
    )


@pytest.mark.parametrize("what", ["sent", "overwritten", "changed"])
def test_what_was_sent_or_overwritten_is_told_alone(what: str, facts: RunFacts, log: Log) -> None:
    found = {"what": what, "type": "T", "name": "theirs"}
    assert make_receipt(log, dataclasses.replace(facts, findings=(found,))).status is ExitCode.OK


def test_every_reason_is_listed_the_gravest_first(facts: RunFacts) -> None:
    receipt = make_receipt([], dataclasses.replace(facts, exit_status=1, interrupted=True, require=("s3",)))
    assert receipt.status is ExitCode.INTERRUPTED
    assert len(receipt.reasons) == 4


def test_the_document_is_json_with_its_schema_first(facts: RunFacts, log: Log) -> None:
    document = json.loads(json.dumps(make_receipt(log, facts).to_json()))
    assert next(iter(document)) == "schema"
    assert (document["green"], document["status"], document["commit"]) == (True, 0, facts.commit)
    assert document["seconds"] == {"ready": 0.5, "tests": 2.0, "stop": 0.1}
