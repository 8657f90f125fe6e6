"""Why each statement did or did not speak: the element that does not fit, with what was wanted and what came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, cast

from sandgate.iam.compile import Compiled, Rule
from sandgate.iam.principal import Caller
from sandgate.iam.request import AccessRequest

__all__ = ["Mismatch", "PolicyKind", "Reason", "reasons"]

PolicyKind = Literal["identity", "resource", "boundary", "session", "scp", "rcp"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One element of a statement that does not fit."""

    element: Literal["action", "resource", "principal", "condition"]
    operator: str
    """`Action`, `NotResource`, …; for a condition its operator."""
    key: str
    """Condition key, else empty."""
    wanted: tuple[str, ...]
    got: tuple[str, ...] | None
    """`None`: the request lacks the key."""

    def text(self) -> str:
        """One clause: `StringEquals aws:RequestedRegion wants eu-west-1, the request has us-east-1`."""
        name = f"{self.operator} {self.key}" if self.key else self.operator
        came = "lacks it" if self.got is None else f"has {', '.join(self.got) or 'nothing'}"
        return f"{name} wants {', '.join(self.wanted)}, the request {came}"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one statement had to say."""

    kind: PolicyKind
    document: str
    index: int
    sid: str
    effect: Literal["Allow", "Deny"]
    mismatches: tuple[Mismatch, ...]
    """Empty: the statement matches. Only the first kind of element that fails is listed, in the order of `element`."""

    @property
    def matches(self) -> bool:
        """Whether the statement is about the request."""
        return not self.mismatches

    @property
    def statement(self) -> str:
        """The Sid, or the position as `Statement[2]`."""
        return self.sid or f"Statement[{self.index}]"

    def text(self) -> str:
        """One line."""
        why = "; ".join(item.text() for item in self.mismatches) if self.mismatches else "matches"
        return f"{self.document}, {self.statement} ({self.effect}): {why}"


def reasons(kind: PolicyKind, compiled: Compiled, request: AccessRequest, caller: Caller) -> tuple[Reason, ...]:
    """What every statement of a document says to a request, in order."""
    candidates = compiled.candidates(request.action)
    notes = candidates.notes.get(kind)
    if notes is None:
        fitting = {rule.index for rule in (*candidates.deny, *candidates.allow)}
        notes = tuple(
            None if rule.index in fitting else _reason(kind, compiled, rule, (_action(rule, request),))
            for rule in compiled.rules
        )
        candidates.notes[kind] = notes
    out = list(cast("tuple[Reason, ...]", notes))
    for rules in (candidates.deny, candidates.allow):
        for rule in rules:
            out[rule.index] = _reason(kind, compiled, rule, _mismatches(rule, request, caller))
    return tuple(out)


def _reason(kind: PolicyKind, compiled: Compiled, rule: Rule, mismatches: Iterable[Mismatch]) -> Reason:
    statement = rule.statement
    return Reason(kind, compiled.label, rule.index, statement.sid, statement.effect, tuple(mismatches))


def _action(rule: Rule, request: AccessRequest) -> Mismatch:
    statement = rule.statement
    name = "NotAction" if statement.not_actions else "Action"
    return Mismatch("action", name, "", statement.actions or statement.not_actions, (request.action,))


def _mismatches(rule: Rule, request: AccessRequest, caller: Caller) -> tuple[Mismatch, ...]:
    statement = rule.statement
    if not rule.concerns(caller):
        principals = statement.principal or statement.not_principal
        name = "Principal" if statement.principal else "NotPrincipal"
        wanted = (
            (*principals.aws, *principals.service, *principals.federated, *principals.canonical) if principals else ()
        )
        return (Mismatch("principal", name, "", wanted, (caller.arn or caller.service or caller.federated,)),)
    if rule.resources is not None and not rule.resources(request.resource, request.context):
        name = "NotResource" if statement.not_resources else "Resource"
        wanted = statement.resources or statement.not_resources
        return (Mismatch("resource", name, "", wanted, (request.resource,)),)
    return tuple(
        Mismatch("condition", item.operator, item.key, item.values, request.context.get(item.key.lower()))
        for item, check in zip(statement.conditions, rule.checks, strict=True)
        if not check(request.context)
    )
