"""What a promotion asks for, and every way in which a receipt is not that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandgate.reports.evidence import Wanted, refusals
from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt import make_receipt

NOW = 1_800_000_000.0
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WANTED = Wanted(tier="sandbox", commit=COMMIT, max_age=86400.0, account="111122223333")
PROOF: dict[str, Any] = {
    "schema": 1,
    "run": "20270115-080000-k3x9q2",
    "green": True,
    "status": 0,
    "reasons": [],
    "tier": "sandbox",
    "asked": "sandbox",
    "upstream": "aws",
    "account": "111122223333",
    "commit": COMMIT,
    "dirty": False,
    "guard": "on",
    "reached": {"dynamodb": 3},
    "started": NOW - 3600,
}


def test_the_proof() -> None:
    assert refusals(PROOF, WANTED, now=NOW) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"green": False, "status": 1, "reasons": ["2 tests failed"]}, "the run was red: 2 tests failed"),
        ({"green": False}, "the run was red"),
        ({"status": 9}, "the run was red"),
        ({"reasons": ["x"]}, "the run was red: x"),
        ({"green": 1}, "the run was red"),
        ({"upstream": "stand-in"}, "the run ended at stand-in, not at aws"),
        ({"upstream": ""}, "the run ended at an upstream that it does not name, not at aws"),
        ({"tier": "emulated"}, "the run was on tier emulated, not sandbox, though sandbox was asked for"),
        ({"tier": "emulated", "asked": "emulated"}, "the run was on tier emulated, not sandbox"),
        ({"asked": "endpoints"}, "tier endpoints was asked for, and the run fell back to sandbox"),
        ({"commit": "f" * 40}, "the run was of commit ffffffffffff, not 0123456789ab"),
        ({"commit": COMMIT[:12]}, "the run was of commit 0123456789ab, not 0123456789ab"),
        ({"commit": ""}, "it names no commit"),
        ({"dirty": True}, "the tree had changes that were not committed"),
        ({"started": NOW - 90000}, "the run began 25.0 h ago, and may be 24.0 h old"),
        ({"started": NOW + 301}, "the run began in the future; a clock is wrong"),
        ({"started": "yesterday"}, "it does not say when the run began"),
        ({"started": True}, "it does not say when the run began"),
        ({"account": "000000000000"}, "the run was in account 000000000000, not 111122223333"),
        ({"account": ""}, "the run was in account unknown, not 111122223333"),
        ({"guard": "off"}, "the run's guard was off"),
        ({"reached": {}}, "no call of a test reached the tier"),
        ({"reached": {"dynamodb": 0}}, "no call of a test reached the tier"),
        ({"schema": 2}, "it is no receipt of schema 1"),
    ],
)
def test_what_is_not_the_proof(change: dict[str, Any], reason: str) -> None:
    assert refusals({**PROOF, **change}, WANTED, now=NOW) == (reason,)


@pytest.mark.parametrize("member", [name for name in PROOF if name not in ("run", "asked")])
def test_what_is_not_said_is_not_proven(member: str) -> None:
    assert refusals({name: value for name, value in PROOF.items() if name != member}, WANTED, now=NOW)


def test_a_receipt_as_runs_write_it(facts: RunFacts, log: list[dict[str, object]]) -> None:
    evidence = {"asked": "sandbox", "upstream": "aws"}
    facts = replace(facts, tier="sandbox", account="111122223333", dirty=False, started=NOW, evidence=evidence)
    assert refusals(make_receipt(log, facts).to_json(), WANTED, now=NOW) == ()
    assert refusals(make_receipt(log, replace(facts, evidence={})).to_json(), WANTED, now=NOW)


@pytest.mark.parametrize("receipt", [None, [], "x", 1, {}])
def test_what_is_no_receipt(receipt: object) -> None:
    assert len(refusals(receipt, WANTED, now=NOW)) == 1


def test_clocks_may_differ_a_little() -> None:
    assert refusals({**PROOF, "started": NOW + 200}, WANTED, now=NOW) == ()


def test_every_reason_is_told() -> None:
    found = refusals({**PROOF, "dirty": True, "guard": "off"}, WANTED, now=NOW)
    assert found == ("the tree had changes that were not committed", "the run's guard was off")


def test_an_emulator_proves_what_is_asked_of_an_emulator() -> None:
    wanted = Wanted(tier="emulated", commit=COMMIT, max_age=60.0)
    receipt = {**PROOF, "tier": "emulated", "asked": "emulated", "upstream": "", "started": NOW}
    assert refusals(receipt, wanted, now=NOW) == ()
