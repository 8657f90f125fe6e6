"""What could not be told is said: listings that failed, account and caller that nobody knows, tests that failed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sandgate.errors import ExitCode
from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import make_receipt
from sandgate.reports.summary import summary_lines

Log = list[dict[str, Any]]
UNLISTED = {"type": "", "name": "sqs", "unknown": "the emulator refused ListQueues"}


def test_a_failed_listing_is_in_receipt_and_summary(facts: RunFacts, log: Log) -> None:
    receipt = make_receipt(log, dataclasses.replace(facts, not_listed=(UNLISTED,)))
    wanted = [{"service": "sqs", "reason": "the emulator refused ListQueues"}]
    assert (receipt.to_json()["not_listed"], receipt.to_json()["leftovers"]) == (wanted, [])
    lines = summary_lines(receipt)
    assert "    sqs: the emulator refused ListQueues" in lines[lines.index("  what is left could not be listed:") :]
    assert "could not be listed" not in "\n".join(summary_lines(make_receipt(log, facts)))


def test_a_leftover_has_type_and_name_only(facts: RunFacts, log: Log) -> None:
    left = {"type": "AWS::SQS::Queue", "name": "q", "unknown": ""}
    receipt = make_receipt(log, dataclasses.replace(facts, leftovers=(left,)))
    assert receipt.to_json()["leftovers"] == [{"type": "AWS::SQS::Queue", "name": "q", "swept": False}]


def test_account_and_caller_are_never_invented(facts: RunFacts, log: Log) -> None:
    receipt = make_receipt(log, dataclasses.replace(facts, account="", caller=""))
    assert (receipt.to_json()["account"], receipt.to_json()["caller"]) == ("", "")
    assert sum("not known" in line for line in summary_lines(receipt)) == 2


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_failed_tests_are_red_whatever_the_command_said(outcome: str, facts: RunFacts, log: Log) -> None:
    receipt = make_receipt([*log, {"event": "test", "outcome": outcome}], facts)
    assert receipt.status is ExitCode.TESTS_FAILED
    assert receipt.reasons == ("1 tests failed, whatever the command's status says",)
