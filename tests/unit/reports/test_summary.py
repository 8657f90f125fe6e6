"""The summary says what a person wants to know, and no line is endless."""

from __future__ import annotations

import dataclasses
from typing import Any

from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import make_receipt
from sandgate.reports.summary import summary_lines

Log = list[dict[str, Any]]


def test_a_green_run(facts: RunFacts, log: Log) -> None:
    text = "\n".join(summary_lines(make_receipt(log, facts)))
    for part in (
        "green on tier emulated",
        "0123456789ab with uncommitted changes",
        "1 passed",
        "dynamodb",
        "PutItem 1",
    ):
        assert part in text


def test_a_red_run_says_why(facts: RunFacts) -> None:
    lines = summary_lines(make_receipt([], dataclasses.replace(facts, exit_status=1)))
    assert "RED" in lines[0]
    assert [line for line in lines if line.startswith("  red because ")] == [
        "  red because the command ended with status 1",
        "  red because no call reached the tier 'emulated'",
    ]


def test_what_was_changed_says_by_what(facts: RunFacts, log: Log) -> None:
    found = {"what": "changed", "type": "T", "name": "theirs", "operation": "sqs:SetQueueAttributes"}
    lines = summary_lines(make_receipt(log, dataclasses.replace(facts, findings=(found,))))
    assert "    changed, and not the run's: theirs by sqs:SetQueueAttributes" in lines


def test_of_many_findings_the_worst_come_first_and_the_others_are_counted(facts: RunFacts, log: Log) -> None:
    changed = tuple({"what": "changed", "type": "T", "name": f"theirs{number}"} for number in range(12))
    worse = tuple({"what": what, "type": "T", "name": what} for what in ("sent", "overwritten", "unnamed"))
    lines = summary_lines(make_receipt(log, dataclasses.replace(facts, findings=changed + worse)))
    told = lines[lines.index("  not to be undone (15):") + 1 :]
    assert [line.rpartition(" ")[2] for line in told[:3]] == ["unnamed", "overwritten", "theirs0"]
    assert told[10] == "    and 5 more; see receipt.json"


def test_long_lists_are_cut(facts: RunFacts) -> None:
    names = [f"VeryLongOperationNameNumber{number}" for number in range(30)]
    calls = [{"event": "call", "id": str(n), "service": "iam", "operation": name} for n, name in enumerate(names)]
    left = tuple({"type": "AWS::S3::Bucket", "name": f"b{number}"} for number in range(25))
    lines = summary_lines(make_receipt(calls, dataclasses.replace(facts, leftovers=left)))
    assert all(len(line) <= 80 for line in lines)
    assert "    and 15 more" in lines


def test_other_hosts_are_told_with_what_went_there(facts: RunFacts, log: Log) -> None:
    tunnels: Log = [{"event": "tunnel", "host": "a.test", "sent": 3, "received": 40}] * 2
    asked: Log = [{"event": "egress", "host": host, "refused": why} for host, why in (("a.test", ""), ("b.test", "x"))]
    receipt = make_receipt([*log, *asked, *asked[:1], *tunnels], facts)
    assert receipt.to_json()["egress"] == {
        "a.test": {"received": 80, "sent": 6, "through": 2},
        "b.test": {"refused": 1},
    }
    lines = summary_lines(receipt)
    assert "  egress   a.test 2 through, 6 bytes sent, 80 bytes received" in lines
    assert "  egress   b.test 1 refused" in lines
