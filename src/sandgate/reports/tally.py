"""What the events of a run add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandgate.core.call import SWEEPER
from sandgate.reports.refusals import expected_by
from sandgate.reports.sessions import Sessions

__all__ = ["Tally"]

_NO_EVIDENCE = frozenset({"deployer", "also"})
"""Principals whose calls do not show that tests reached the tier."""
_WAYS = ("sent", "received")


@dataclass(slots=True)
class Tally:
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
    sessions: Sessions = field(default_factory=Sessions)
    elsewhere: list[Mapping[str, str]] = field(default_factory=list)
    egress: dict[str, Counter[str]] = field(default_factory=dict)
    handshakes: Counter[str] = field(default_factory=Counter)
    _open: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    """Call to service, operation, and whether it is evidence: not the deployer's, whose part is to prepare."""

    def add(self, event: Mapping[str, object]) -> None:
        """Count one event."""
        kind = event.get("event")
        self.sessions.add(event)
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
        elif kind == "tunnel":
            self.egress.setdefault(str(event["host"]), Counter()).update({way: int(str(event[way])) for way in _WAYS})
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
