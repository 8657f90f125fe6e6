"""The receipt: machine-readable evidence of a run, a pure function of its event log and a few facts."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sandgate.core.call import SWEEPER
from sandgate.errors import ExitCode
from sandgate.reports.places import places
from sandgate.reports.refusals import RefusalGroup, expected_by, group_refusals

__all__ = ["Receipt", "RunFacts", "make_receipt", "verdict"]

_SCHEMA = 1
_NO_EVIDENCE = frozenset({"deployer", "also"})
"""Principals whose calls do not show that tests reached the tier."""
_ELSEWHERE = "calls reached another target than asked"
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
    """What tests left behind: type and name; `swept` is `yes` where the run's own sweep has removed it, else `why` says
    what stands against it."""
    findings: tuple[Mapping[str, str], ...] = ()
    """What no sweep undoes: `what`, type, name, operation."""
    on_leftover: str = "fail"
    """`fail`, or `sweep` where what was swept is only shown."""
    kept: bool = False
    """Whether leftovers were to stay."""
    outlived: bool = False
    """Whether a later sweep can remove what is still there."""
    not_listed: tuple[Mapping[str, str], ...] = ()
    """As leftovers, but the name is that of a service, and `unknown` says why nobody can tell what is left in it."""
    upstream_death: str = ""
    log_failure: str = ""
    """Why events or the receipt could not be written."""
    require: tuple[str, ...] = ()
    allow_empty: bool = False
    on_skip: str = "report"
    """`fail`, where any skipped test turns the run red."""
    wants_calls: bool = True
    """Whether this run must reach the tier: false when only tests outside `paths` were selected."""
    interrupted: bool = False
    isolated: bool = False
    """Whether the command had no home, no other process and no network but the gate."""
    stuck: tuple[str, ...] = ()
    """Why stacks of this run could not be deleted."""
    on_refusal: str = "fail"
    """`fail`, or `report` where refusals are shown only."""
    on_elsewhere: str = "fail"
    """`fail`, or `report` where calls that went elsewhere are shown only."""
    guard: bool = True
    """Whether calls were kept inside the sandbox."""
    timing: str = ""
    """Which timing of AWS was simulated, as the option says it."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """`asked`, where another tier was asked for than the one used; on AWS `alias`, `matched`, `credentials` and
    `upstream`."""


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
            "schema": _SCHEMA,
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


@dataclass(slots=True)
class _Tally:
    """What the events add up to."""

    tests: Counter[str] = field(default_factory=Counter)
    calls: dict[str, Counter[str]] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    in_tests: int = 0
    refusals: list[Mapping[str, object]] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)
    denied: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    selected: list[Mapping[str, object]] = field(default_factory=list)
    elsewhere: list[Mapping[str, str]] = field(default_factory=list)
    egress: dict[str, Counter[str]] = field(default_factory=dict)
    handshakes: Counter[str] = field(default_factory=Counter)
    _open: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    """Call to service, operation, and whether it is evidence: not the deployer's, whose part is to prepare."""

    def add(self, event: Mapping[str, object]) -> None:
        """Count one event."""
        kind = event.get("event")
        if kind == "call" and event.get("worker") == SWEEPER:
            return  # the tidying up is no part of what was tested
        if kind == "call":
            service, operation = str(event["service"]), str(event["operation"])
            self.calls.setdefault(service, Counter())[operation] += 1
            self.in_tests += bool(event.get("test"))
            self._open[str(event["id"])] = (service, operation, event.get("principal") not in _NO_EVIDENCE)
        elif kind == "done":
            self._add_answer(event)
        elif kind == "refused":
            self.refusals.append(event)
        elif kind == "expected":
            self.expected |= expected_by(event)
        elif kind == "test":
            self.tests[str(event["outcome"])] += 1
        elif kind == "selected":
            self.selected.append(event)
        else:
            self._add_host(event)

    def _add_host(self, event: Mapping[str, object]) -> None:
        """Count what has to do with other hosts than the gate's."""
        kind = event.get("event")
        if kind == "elsewhere":
            self.elsewhere.append({name: str(event[name]) for name in ("host", "service", "by")})
        elif kind == "egress":
            how = "refused" if event.get("refused") else "through"
            self.egress.setdefault(str(event["host"]), Counter())[how] += 1
        elif kind == "handshake":
            self.handshakes[str(event["host"])] += 1

    def _add_answer(self, event: Mapping[str, object]) -> None:
        service, operation, evidence = self._open.pop(str(event["id"]), ("", "", False))
        if not service:
            return
        if fault := event.get("fault"):
            self.faults[str(fault)] += 1
        if event.get("reached") is not True:
            return
        self.answered += 1
        self.reached.update([service] if evidence else ())
        if event.get("denied") is True:
            self.denied[f"{service}:{operation}"] += 1


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
    refusals = group_refusals(tally.refusals, frozenset(tally.expected))
    refused = sum(group.counted for group in refusals)
    status, reasons = verdict(
        facts, tally.tests, tally.reached, nothing_selected=nothing, refused=refused, elsewhere=tally.elsewhere
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


def verdict(
    facts: RunFacts,
    tests: Mapping[str, int],
    reached: Mapping[str, int],
    *,
    nothing_selected: bool = False,
    refused: int = 0,
    elsewhere: Sequence[Mapping[str, str]] = (),
) -> tuple[ExitCode, tuple[str, ...]]:
    """What the run is worth, and why: every reason is listed, the first one gives the status.

    Args:
        facts: of the run.
        tests: outcome to number.
        reached: service to number of answered calls.
        nothing_selected: whether the test runner had nothing to run.
        refused: calls that were refused, unexpectedly.
        elsewhere: other targets that SDKs were asked to reach.
    """
    found: list[tuple[ExitCode, str]] = []
    if facts.interrupted:
        found.append((ExitCode.INTERRUPTED, "the run was interrupted"))
    found += [(ExitCode.RUN, reason) for reason in (facts.upstream_death, facts.log_failure) if reason]
    if facts.exit_status != 0:
        found.append((ExitCode.TESTS_FAILED, f"the command {_ended(facts.exit_status)}"))
    elif failed := sum(tests.get(outcome, 0) for outcome in ("failed", "error")):
        found.append((ExitCode.TESTS_FAILED, f"{failed} tests failed, whatever the command's status says"))
    if refused and facts.on_refusal == "fail":
        found.append((ExitCode.REFUSED, f"the gate refused {refused} {'call' if refused == 1 else 'calls'}"))
    if facts.on_elsewhere == "fail":
        found += [
            (ExitCode.ELSEWHERE, f"calls reached another target than asked: {text}") for text in places(elsewhere)
        ]
    if nothing_selected and not facts.allow_empty:
        found.append((ExitCode.EMPTY_RUN, "no test was selected"))
    if facts.wants_calls:
        found += [(ExitCode.EMPTY_RUN, reason) for reason in _empty(facts, tests, reached)]
    if facts.on_skip == "fail" and (skipped := tests.get("skipped", 0)):
        found.append((ExitCode.EMPTY_RUN, f"{skipped} {'test was' if skipped == 1 else 'tests were'} skipped"))
    found += [(ExitCode.LEFTOVERS, reason) for reason in facts.stuck]
    found += [(ExitCode.LEFTOVERS, reason) for reason in _left(facts)]
    if not found:
        return ExitCode.OK, ()
    return found[0][0], tuple(reason for _, reason in found)


def _leftover(left: Mapping[str, str]) -> dict[str, object]:
    why = {"why": left["why"]} if left.get("why") else {}
    return {"type": left["type"], "name": left["name"], "swept": left.get("swept") == "yes", **why}


def _left(facts: RunFacts) -> Iterator[str]:
    """Why what tests left turns the run red."""
    swept = sum(left.get("swept") == "yes" for left in facts.leftovers)
    there = len(facts.leftovers) - swept
    later = f"; `sandgate sweep {facts.run}` removes {'it' if there == 1 else 'them'}" if facts.outlived else ""
    if facts.kept and there:
        yield f"{_resources(there)} kept{later}"
    elif there:
        yield f"{_resources(there)} left behind{later.replace('removes', 'tries again to remove')}"
    if swept and facts.on_leftover == "fail":
        yield f"{_resources(swept)} left behind by tests, and swept"
    if unnamed := sum(found.get("what") == "unnamed" for found in facts.findings):
        yield f"{unnamed} {'write stays' if unnamed == 1 else 'writes stay'} where nobody can name what was written"


def _resources(count: int) -> str:
    return f"{count} resource{' was' if count == 1 else 's were'}"


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
