"""Which calls a test has set a fault for: matched, counted, struck. No I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandgate.core.call import SWEEPER, Call
from sandgate.faults._model import Strike, faults

__all__ = ["Rule", "Rules", "is_tests_own"]


@dataclass(slots=True, kw_only=True)
class Rule:
    """A fault that a test has set."""

    id: int
    fault: str
    service: str
    operation: str = ""
    """Empty is every one of the service."""
    resource: str = ""
    """Name or ARN as the call gives it; empty is any."""
    test: str
    worker: str
    nth: int = 1
    """The first matching call that it strikes."""
    times: int | None = 1
    """How many calls it strikes, one after the other; None is every one to the end of the test."""
    said: Mapping[str, object] = field(default_factory=dict)
    """What the test says of the fault itself."""
    matched: int = 0
    struck: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its test has ended, so that nobody need wait for it any more."""

    def fits(self, call: Call) -> bool:
        """Whether it is about a call."""
        return (
            call.service == self.service
            and self.operation in ("", call.operation)
            and (call.test_id, call.principal.worker) == (self.test, self.worker)
            and (not self.resource or any(self.resource in (ref.name, ref.arn) for ref in call.resources))
        )

    @property
    def due(self) -> bool:
        """Whether it strikes the call that was counted last."""
        return self.matched >= self.nth and (self.times is None or self.matched < self.nth + self.times)


def is_tests_own(call: Call) -> bool:
    """Whether a call may be the tests': not the deployer's, which sandgate itself uses for stacks and sweeps."""
    return call.principal.kind != "deployer" and call.principal.worker != SWEEPER


class Rules:
    """The faults that are set now."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._last = 0

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._rules)

    def add(self, rule: Mapping[str, object]) -> Rule:
        """Set a fault.

        Args:
            rule: members of `Rule`, those of the fault itself in `said`.

        Raises:
            ValueError: it could never strike, or is not what the fault takes.
            KeyError: there is no such fault.
        """
        self._last += 1
        made = Rule(id=self._last, **rule)  # type: ignore[arg-type]
        if not (made.test and made.worker):
            raise ValueError("a fault belongs to a test; there is none now")
        if not _whole(made.nth) or (made.times is not None and not _whole(made.times)):
            raise ValueError(f"nth and times are whole numbers from 1 on, not {made.nth!r} and {made.times!r}")
        faults()[made.fault].strike(made.service, made.operation, "json", made.said)
        self._rules.append(made)
        return made

    def strike(self, call: Call, protocol: str) -> tuple[Rule, Strike] | None:
        """Count a call of the tests; what strikes it, by the rule that was set first among those that are due."""
        hit: Rule | None = None
        for rule in self._rules:
            if rule.fits(call):
                rule.matched += 1
                hit = rule if hit is None and rule.due else hit
        if hit is None:
            return None
        hit.struck += 1
        return hit, faults()[hit.fault].strike(call.service, call.operation, protocol, hit.said)

    def of(self, test: str, worker: str) -> Sequence[Rule]:
        """What a test has set."""
        return [rule for rule in self._rules if (rule.test, rule.worker) == (test, worker)]

    def end(self, test: str, worker: str) -> Sequence[Rule]:
        """Take away what a test has set; what it did is in what is given back."""
        ended = self.of(test, worker)
        for rule in ended:
            rule.ended.set()
        self._rules = [rule for rule in self._rules if not rule.ended.is_set()]
        return ended


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
