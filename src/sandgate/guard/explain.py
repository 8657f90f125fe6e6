"""What the guard thinks of one call: every request, the deciding statement, and why the others did not match."""

from __future__ import annotations

from dataclasses import dataclass

from sandgate.core.call import Call, Decision
from sandgate.guard.guard import Guard
from sandgate.iam.actions import Unmapped
from sandgate.iam.explain import Reason
from sandgate.iam.request import AccessRequest

__all__ = ["Asked", "Explained", "explain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of a call, and what every statement said of it."""

    request: AccessRequest
    allowed: bool
    statement: str
    """The deciding one; empty where none did."""
    reasons: tuple[Reason, ...]

    @property
    def near(self) -> tuple[Reason, ...]:
        """Of the statements that did not decide, those that name the action."""
        return tuple(
            reason
            for reason in self.reasons
            if reason.statement != self.statement and reason.mismatches and reason.mismatches[0].element != "action"
        )

    @property
    def far(self) -> int:
        """How many statements do not name the action."""
        return sum(bool(reason.mismatches) and reason.mismatches[0].element == "action" for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One call, judged and explained."""

    decision: Decision
    asked: tuple[Asked, ...]
    """Empty for an operation that needs no permission, and where nobody knows what the call needs."""


def explain(guard: Guard, call: Call) -> Explained:
    """The decision on a call with everything that led to it."""
    decision = guard.decide(call)
    try:
        requests = guard.requests(call)
    except Unmapped:
        return Explained(decision=decision, asked=())
    judge = guard.judge_of(call)
    asked = []
    for request in requests:
        found = judge.judge(request)
        reasons = judge.verdict(request).explain()
        asked.append(
            Asked(request=request, allowed=found.outcome == "allowed", statement=found.statement, reasons=reasons)
        )
    return Explained(decision=decision, asked=tuple(asked))
