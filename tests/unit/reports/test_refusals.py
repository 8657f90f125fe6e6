"""Refusals of a run: grouped, counted, and red unless a test expected them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sandgate.errors import ExitCode
from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import make_receipt
from sandgate.reports.refusals import group_refusals
from sandgate.reports.summary import summary_lines
from sandgate.reports.words import colour_of

Log = list[dict[str, Any]]


def refusal(number: int = 1, **change: Any) -> dict[str, Any]:
    """An event, as the gate writes it."""
    return {
        "event": "refused",
        "id": str(number),
        "time": 1.0,
        "by": "gate",
        "rule": "outside-sandbox",
        "value": "arn:aws:s3:::somebody-elses/a-key-with-a-name-that-is-long-enough-to-need-a-line-of-its-own",
        "source": "prefix in pyproject.toml, [tool.sandgate]",
        "remedy": "name it with the prefix test, or add it to allow",
        "action": "s3:GetObject",
        "statement": "Objects",
        "service": "s3",
        "operation": "GetObject",
        "principal": "identity",
        "worker": "main",
        "test": "test_a.py::test_it",
        **change,
    }


def expected(*ids: str) -> dict[str, Any]:
    return {"event": "expected", "time": 1.0, "action": "s3:GetObject", "refusals": list(ids), "worker": "main"}


def test_equal_ones_are_one_group_with_all_their_tests() -> None:
    (group,) = group_refusals([refusal(1), refusal(2, test="t2"), refusal(3, test="t2"), refusal(4, test="")])
    assert (group.count, group.expected, group.counted) == (4, 0, 4)
    assert group.tests == ("test_a.py::test_it", "t2")


@pytest.mark.parametrize("member", ["rule", "action", "value", "source", "remedy", "statement"])
def test_what_differs_is_a_group_of_its_own(member: str) -> None:
    first, second = group_refusals([refusal(), refusal(2, **{member: "another"})])
    assert (first.count, second.count) == (1, 1)
    assert getattr(second, member) == "another"


def test_without_an_action_the_operation_tells_them_apart() -> None:
    groups = group_refusals([refusal(action=""), refusal(action="", operation="PutObject")])
    assert [group.what for group in groups] == ["s3:GetObject", "s3:PutObject"]


def test_the_receipt_shows_the_first_tests_and_their_number() -> None:
    (group,) = group_refusals([refusal(test=f"t{number}") for number in range(7)])
    shown = group.to_json()
    assert (shown["tests"], shown["in_tests"]) == ([f"t{number}" for number in range(5)], 7)


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ({"rule": "unknown-key", "principal": "unknown", "test": ""}, 1),
        ({"rule": "unsigned", "principal": "anonymous"}, 1),
        ({"rule": "not-understood", "value": "UnknownOperationException"}, 1),
        ({"rule": "not-understood", "value": "UnknownOperationException", "principal": "deployer"}, 1),
        ({"rule": "not-understood", "value": "UnknownOperationException", "principal": "anonymous"}, 0),
        ({"rule": "not-understood", "value": "UnknownOperationException", "principal": "unknown"}, 0),
        ({"rule": "not-understood", "value": "SignatureDoesNotMatch"}, 0),
        ({"rule": "not-understood", "value": "AccessDenied"}, 0),
        ({"rule": "not-understood", "value": "IncompleteBody"}, 0),
        ({"rule": "not-understood", "value": "InvalidHost", "principal": "anonymous"}, 0),
    ],
)
def test_what_aws_would_have_answered_counts(change: dict[str, Any], counted: int, facts: RunFacts, log: Log) -> None:
    receipt = make_receipt([*log, refusal(**change)], facts)
    assert [group.counted for group in receipt.refusals] == [counted]
    assert receipt.status is (ExitCode.REFUSED if counted else ExitCode.OK)


def test_a_refusal_that_nobody_expected_is_red(facts: RunFacts, log: Log) -> None:
    receipt = make_receipt([*log, refusal(1), refusal(2), expected("2")], facts)
    assert (receipt.status, receipt.reasons) == (ExitCode.REFUSED, ("the gate refused 1 call",))
    document = receipt.to_json()
    assert document["refused"] == {"total": 2, "expected": 1, "counted": 1}
    assert (document["green"], document["status"]) == (False, 9)


def test_an_expected_one_is_green_whichever_event_comes_first(facts: RunFacts, log: Log) -> None:
    for events in ([refusal(1), expected("1")], [expected("1"), refusal(1)]):
        receipt = make_receipt([*log, *events], facts)
        assert (receipt.status, receipt.to_json()["refused"]) == (
            ExitCode.OK,
            {"total": 1, "expected": 1, "counted": 0},
        )


def test_report_only_shows(facts: RunFacts, log: Log) -> None:
    receipt = make_receipt([*log, refusal()], dataclasses.replace(facts, on_refusal="report"))
    assert receipt.status is ExitCode.OK
    lines = summary_lines(receipt)
    assert any("s3:GetObject (1x) by rule outside-sandbox" in line for line in lines)
    assert not any("--on-refusal" in line for line in lines)


def test_failed_tests_are_graver_and_empty_runs_follow(facts: RunFacts, log: Log) -> None:
    failed = make_receipt([*log, refusal()], dataclasses.replace(facts, exit_status=1))
    assert failed.status is ExitCode.TESTS_FAILED
    assert len(failed.reasons) == 2
    empty = make_receipt([refusal()], facts)
    assert empty.status is ExitCode.REFUSED
    assert empty.reasons[1] == "no call reached the tier 'emulated'"


def test_the_summary_explains_each_once_within_80_columns(facts: RunFacts, log: Log) -> None:
    events = [refusal(n, test=f"tests/test_a.py::test_number_{n}") for n in range(5)]
    lines = summary_lines(make_receipt([*log, *events, refusal(9), expected("9")], facts))
    text = "\n".join(lines)
    assert text.count("by rule outside-sandbox, statement Objects") == 1
    assert "s3:GetObject (5x)" in text
    assert "from: prefix in pyproject.toml" in text
    assert "to allow it: name it with the prefix test, or add it to allow" in text
    assert "tests/test_a.py::test_number_0" in text
    assert "and 3 more" in " ".join(text.split())
    assert "refused  1 as expected by tests" in text
    assert "expect_denied" in text
    assert [line for line in lines if len(line) > 80 and "arn:" not in line] == []
    assert "arn:aws:s3:::somebody-elses/a-key-with-a-name-that-is-long-enough-to-need-a-line-of-its-own" in text


def test_what_a_terminal_would_obey_is_not_shown(facts: RunFacts, log: Log) -> None:
    text = "".join(summary_lines(make_receipt([*log, refusal(value="a\x1b[2Jb\u202e")], facts)))
    assert "value: a?[2Jb?" in text


def test_many_kinds_are_cut(facts: RunFacts, log: Log) -> None:
    lines = summary_lines(make_receipt([*log, *(refusal(n, value=str(n)) for n in range(14))], facts))
    assert sum("(1x) by rule" in line for line in lines) == 10
    assert "           and 4 other kinds; see receipt.json" in lines


def test_what_the_upstream_denied_is_counted_apart(facts: RunFacts, log: Log) -> None:
    call = {"event": "call", "id": "7", "service": "iam", "operation": "CreateUser"}
    done = {"event": "done", "id": "7", "status": 403, "error": "AccessDenied", "denied": True, "reached": True}
    receipt = make_receipt([*log, call, done], facts)
    assert (receipt.status, receipt.to_json()["denied_upstream"]) == (ExitCode.OK, {"iam:CreateUser": 1})
    assert "  denied   by the upstream: iam:CreateUser 1" in summary_lines(receipt)


def test_a_run_without_guard_says_so(facts: RunFacts, log: Log) -> None:
    with_guard = make_receipt(log, facts)
    without = make_receipt(log, dataclasses.replace(facts, guard=False))
    assert (with_guard.to_json()["guard"], without.to_json()["guard"]) == ("on", "off")
    (line,) = [line for line in summary_lines(without) if "--unsafe-no-guard" in line]
    assert colour_of(line) == "yellow"
    assert not any("guard" in line for line in summary_lines(with_guard))
    assert [colour_of(line) for line in ("  red because of it", "  tests    1 passed")] == ["red", None]
