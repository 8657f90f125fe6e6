"""The receipt: machine-readable evidence of a run, a pure function of its event log and a few facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sandgate.errors import ExitCode
from sandgate.reports.facts import RunFacts
from sandgate.reports.receipt_shape import SCHEMA
from sandgate.reports.refusals import RefusalGroup, group_refusals
from sandgate.reports.tally import Tally
from sandgate.reports.verdict import verdict

__all__ = ["Receipt", "make_receipt"]

_SOME: Mapping[str, object] = {"tests": 1}
"""Stands for a command that does not say what it selected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The evidence, ready to be written as JSON."""

    facts: RunFacts
    tests: Mapping[str, int]
    calls: Mapping[str, Mapping[str, int]]
    """Service to operation to number of calls that were forwarded."""
    reached: Mapping[str, int]
    """Service to number of calls that the upstream answered; those of the deployer prove nothing about tests."""
    answered: int
    """Calls that the upstream answered, the deployer's too."""
    refusals: tuple[RefusalGroup, ...]
    denied_upstream: Mapping[str, int]
    """`service:operation` to number of calls that the gate let pass and the upstream answered with access denied."""
    by_test_calls: int
    """Calls that are attributed to a test."""
    elsewhere: tuple[Mapping[str, str], ...]
    """Other targets that SDKs were asked to reach: `host`, `service`, and `by` whom that was seen."""
    faults: Mapping[str, int]
    """What went wrong on purpose to number of calls: faults that tests had set, timings that were simulated."""
    egress: Mapping[str, Mapping[str, int]]
    """Host that the gate does not answer for, to how often it was reached, `through`, and `refused`."""
    handshakes: Mapping[str, int]
    """Host to how often a client would not take the run's certificate for it."""
    status: ExitCode
    reasons: tuple[str, ...]

    @property
    def refused(self) -> int:
        """Calls that the gate refused, expected or not."""
        return sum(group.count for group in self.refusals)

    def to_json(self) -> dict[str, object]:
        """The document, schema version first."""
        facts = self.facts
        return {
            "schema": SCHEMA,
            "run": facts.run,
            "green": self.status is ExitCode.OK,
            "status": int(self.status),
            "reasons": list(self.reasons),
            "tier": facts.tier,
            "asked": facts.evidence.get("asked", facts.tier),
            "upstream": facts.evidence.get("upstream", ""),
            "account": facts.account,
            "alias": facts.evidence.get("alias", ""),
            "caller": facts.caller,
            "also": facts.evidence.get("also", ""),
            "matched": facts.evidence.get("matched", ""),
            "credentials": facts.evidence.get("credentials", ""),
            "region": facts.region,
            "namespace": facts.namespace,
            "commit": facts.commit,
            "dirty": facts.dirty,
            "command": list(facts.command),
            "exit_status": facts.exit_status,
            "isolated": facts.isolated,
            "tests": dict(self.tests),
            "calls": {service: dict(operations) for service, operations in self.calls.items()},
            "reached": dict(self.reached),
            "answered": self.answered,
            "calls_in_tests": self.by_test_calls,
            "guard": "on" if facts.guard else "off",
            "timing": facts.timing,
            "faults": dict(self.faults),
            "on_skip": facts.on_skip,
            "on_refusal": facts.on_refusal,
            "refused": {
                "total": self.refused,
                "expected": sum(group.expected for group in self.refusals),
                "counted": sum(group.counted for group in self.refusals),
            },
            "refusals": [group.to_json() for group in self.refusals],
            "on_elsewhere": facts.on_elsewhere,
            "elsewhere": [dict(sighting) for sighting in self.elsewhere],
            "denied_upstream": dict(self.denied_upstream),
            "egress": {host: dict(counts) for host, counts in self.egress.items()},
            "handshakes": dict(self.handshakes),
            "on_leftover": facts.on_leftover,
            "leftovers": [_leftover(left) for left in facts.leftovers],
            "findings": [dict(finding) for finding in facts.findings],
            "not_listed": [{"service": left["name"], "reason": left["unknown"]} for left in facts.not_listed],
            "seconds": {
                "ready": round(facts.ready_s, 3),
                "tests": round(facts.tests_s, 3),
                "stop": round(facts.stop_s, 3),
            },
            "started": round(facts.started, 3),
            "versions": dict(facts.versions),
        }


def make_receipt(events: Iterable[Mapping[str, object]], facts: RunFacts) -> Receipt:
    """Fold the events into a receipt.

    Args:
        events: the run's log, in order. A test runner that says what it selected (`selected`) knows better than the
            command around it whether the tier must be reached.
        facts: what the log does not hold.
    """
    tally = Tally()
    for event in events:
        tally.add(event)
    selected = tally.selected
    if selected:
        facts = replace(facts, wants_calls=facts.wants_calls and any(event["must_reach"] for event in selected))
    nothing = not any(event["tests"] for event in selected or [_SOME])
    failed = any(tally.tests[outcome] for outcome in ("failed", "error"))
    # Who interrupts a run knows why tests have no outcome.
    unproven = () if facts.interrupted else tuple(tally.sessions.reasons(failed=failed))
    refusals = group_refusals(tally.refusals, frozenset(tally.expected))
    refused = sum(group.counted for group in refusals)
    status, reasons = verdict(
        facts,
        tally.tests,
        tally.reached,
        nothing_selected=nothing,
        unproven=unproven,
        refused=refused,
        elsewhere=tally.elsewhere,
    )
    return Receipt(
        facts=facts,
        tests=dict(sorted(tally.tests.items())),
        calls={service: dict(sorted(found.items())) for service, found in sorted(tally.calls.items())},
        reached=dict(sorted(tally.reached.items())),
        answered=tally.answered,
        refusals=refusals,
        denied_upstream=dict(sorted(tally.denied.items())),
        by_test_calls=tally.in_tests,
        elsewhere=tuple(tally.elsewhere),
        faults=dict(sorted(tally.faults.items())),
        egress={host: dict(sorted(counts.items())) for host, counts in sorted(tally.egress.items())},
        handshakes=dict(sorted(tally.handshakes.items())),
        status=status,
        reasons=reasons,
    )


def _leftover(left: Mapping[str, str]) -> dict[str, object]:
    why = {"why": left["why"]} if left.get("why") else {}
    return {"type": left["type"], "name": left["name"], "swept": left.get("swept") == "yes", **why}
