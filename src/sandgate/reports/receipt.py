"""The receipt: machine-readable evidence of a run, a pure function of its event log and a few facts."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sandgate.errors import ExitCode

__all__ = ["Receipt", "RunFacts", "make_receipt", "verdict"]

_SCHEMA = 1
_SOME: Mapping[str, object] = {"tests": 1}
"""Stands for a command that does not say what it selected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What the event log does not hold."""

    run: str
    tier: str
    account: str
    caller: str
    region: str
    namespace: str
    commit: str
    dirty: bool
    command: tuple[str, ...]
    exit_status: int
    """Of the tests; negative when a signal ended them."""
    started: float
    """Seconds since 1970."""
    ready_s: float
    """Seconds from start to ready."""
    tests_s: float
    stop_s: float
    versions: Mapping[str, str] = field(default_factory=dict)
    leftovers: tuple[Mapping[str, str], ...] = ()
    not_listed: tuple[Mapping[str, str], ...] = ()
    """As leftovers, but the name is that of a service, and `unknown` says why nobody can tell what is left in it."""
    upstream_death: str = ""
    log_failure: str = ""
    """Why events or the receipt could not be written."""
    require: tuple[str, ...] = ()
    allow_empty: bool = False
    wants_calls: bool = True
    """Whether this run must reach the tier: false when only tests outside `paths` were selected."""
    interrupted: bool = False
    stuck: tuple[str, ...] = ()
    """Why stacks of this run could not be deleted."""


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
    refusals: tuple[Mapping[str, object], ...]
    by_test_calls: int
    """Calls that are attributed to a test."""
    status: ExitCode
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """The document, schema version first."""
        facts = self.facts
        return {
            "schema": _SCHEMA,
            "run": facts.run,
            "green": self.status is ExitCode.OK,
            "status": int(self.status),
            "reasons": list(self.reasons),
            "tier": facts.tier,
            "account": facts.account,
            "caller": facts.caller,
            "region": facts.region,
            "namespace": facts.namespace,
            "commit": facts.commit,
            "dirty": facts.dirty,
            "command": list(facts.command),
            "exit_status": facts.exit_status,
            "tests": dict(self.tests),
            "calls": {service: dict(operations) for service, operations in self.calls.items()},
            "reached": dict(self.reached),
            "answered": self.answered,
            "calls_in_tests": self.by_test_calls,
            "refusals": list(self.refusals),
            "leftovers": [{"type": left["type"], "name": left["name"]} for left in facts.leftovers],
            "not_listed": [{"service": left["name"], "reason": left["unknown"]} for left in facts.not_listed],
            "seconds": {
                "ready": round(facts.ready_s, 3),
                "tests": round(facts.tests_s, 3),
                "stop": round(facts.stop_s, 3),
            },
            "started": round(facts.started, 3),
            "versions": dict(facts.versions),
        }


@dataclass(slots=True)
class _Tally:
    """What the events add up to."""

    tests: Counter[str] = field(default_factory=Counter)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    in_tests: int = 0
    refusals: list[Mapping[str, object]] = field(default_factory=list)
    selected: list[Mapping[str, object]] = field(default_factory=list)
    _evidence: dict[str, str] = field(default_factory=dict)
    """Call to service, for calls that are evidence: not the deployer's, whose part is to prepare."""

    def add(self, event: Mapping[str, object]) -> None:
        """Count one event."""
        kind = event.get("event")
        if kind == "call":
            service = str(event["service"])
            self.calls.setdefault(service, Counter())[str(event["operation"])] += 1
            self.in_tests += bool(event.get("test"))
            if event.get("principal") != "deployer":
                self._evidence[str(event["id"])] = service
        elif kind == "done" and event.get("reached") is True:
            self.answered += 1
            if service := self._evidence.pop(str(event["id"]), ""):
                self.reached[service] += 1
        elif kind == "refused":
            self.refusals.append({k: v for k, v in event.items() if k not in ("event", "time")})
        elif kind == "test":
            self.tests[str(event["outcome"])] += 1
        elif kind == "selected":
            self.selected.append(event)


def make_receipt(events: Iterable[Mapping[str, object]], facts: RunFacts) -> Receipt:
    """Fold the events into a receipt.

    Args:
        events: the run's log, in order. A test runner that says what it selected (`selected`) knows better than the
            command around it whether the tier must be reached.
        facts: what the log does not hold.
    """
    tally = _Tally()
    for event in events:
        tally.add(event)
    selected = tally.selected
    if selected:
        facts = replace(facts, wants_calls=facts.wants_calls and any(event["must_reach"] for event in selected))
    nothing = not any(event["tests"] for event in selected or [_SOME])
    status, reasons = verdict(facts, tally.tests, tally.reached, nothing_selected=nothing)
    return Receipt(
        facts=facts,
        tests=dict(sorted(tally.tests.items())),
        calls={service: dict(sorted(found.items())) for service, found in sorted(tally.calls.items())},
        reached=dict(sorted(tally.reached.items())),
        answered=tally.answered,
        refusals=tuple(tally.refusals),
        by_test_calls=tally.in_tests,
        status=status,
        reasons=reasons,
    )


def verdict(
    facts: RunFacts, tests: Mapping[str, int], reached: Mapping[str, int], *, nothing_selected: bool = False
) -> tuple[ExitCode, tuple[str, ...]]:
    """What the run is worth, and why: every reason is listed, the first one gives the status."""
    found: list[tuple[ExitCode, str]] = []
    if facts.interrupted:
        found.append((ExitCode.INTERRUPTED, "the run was interrupted"))
    if facts.upstream_death:
        found.append((ExitCode.RUN, facts.upstream_death))
    if facts.log_failure:
        found.append((ExitCode.RUN, facts.log_failure))
    if facts.exit_status != 0:
        found.append((ExitCode.TESTS_FAILED, f"the command {_ended(facts.exit_status)}"))
    elif failed := sum(tests.get(outcome, 0) for outcome in ("failed", "error")):
        found.append((ExitCode.TESTS_FAILED, f"{failed} tests failed, whatever the command's status says"))
    if nothing_selected and not facts.allow_empty:
        found.append((ExitCode.EMPTY_RUN, "no test was selected"))
    if facts.wants_calls:
        found += [(ExitCode.EMPTY_RUN, reason) for reason in _empty(facts, tests, reached)]
    found += [(ExitCode.LEFTOVERS, reason) for reason in facts.stuck]
    if facts.leftovers:
        found.append((ExitCode.LEFTOVERS, f"{len(facts.leftovers)} resources were left behind"))
    if not found:
        return ExitCode.OK, ()
    return found[0][0], tuple(reason for _, reason in found)


def _ended(status: int) -> str:
    """How a process ended, from its return code."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _empty(facts: RunFacts, tests: Mapping[str, int], reached: Mapping[str, int]) -> Iterator[str]:
    """Why a run that looks green may have proven nothing."""
    if not facts.allow_empty:
        if tests and not set(tests) - {"skipped"}:
            yield "every test was skipped"
        if not sum(reached.values()):
            yield f"no call reached the tier {facts.tier!r}"
    for service in facts.require:
        if not reached.get(service):
            yield f"required service {service!r} was not reached"
