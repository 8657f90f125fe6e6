"""Every document that has a say, and the answer with the statement that gave it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sandgate.iam.compile import Compiled
from sandgate.iam.explain import PolicyKind, Reason, reasons
from sandgate.iam.principal import Caller
from sandgate.iam.request import AccessRequest

__all__ = ["Effect", "Policies", "Verdict"]

Effect = Literal["allowed", "explicit_deny", "implicit_deny"]

_CLOSENESS = {"condition": 3, "resource": 2, "principal": 1, "action": 0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Policies:
    """Every document that has a say in a request."""

    identity: tuple[Compiled, ...] = ()
    """Of the user with its groups, or of the role."""
    resource: Compiled | None = None
    """Of the resource: bucket, key and queue policies, a role's trust policy. `None`: it has none, or nobody looked."""
    boundary: Compiled | None = None
    """The permissions boundary of the user or role."""
    session: tuple[Compiled, ...] = ()
    """Passed when the session was made."""
    scps: tuple[tuple[Compiled, ...], ...] = ()
    """Of the caller's organisation: the policies of each level from the root down to the account."""
    rcps: tuple[tuple[Compiled, ...], ...] = ()
    """Of the resource's organisation, likewise."""
    documents: tuple[tuple[PolicyKind, Compiled], ...] = field(init=False)
    """All of them, in the order in which denials are looked for."""
    ceilings: tuple[tuple[PolicyKind, tuple[tuple[Compiled, ...], ...]], ...] = field(init=False)
    """The kinds of which every level must allow."""
    limits: tuple[tuple[PolicyKind, tuple[Compiled, ...]], ...] = field(init=False)
    """The kinds that must allow beside the identity's."""

    def __post_init__(self) -> None:
        found: list[tuple[PolicyKind, Compiled]] = [("rcp", one) for level in self.rcps for one in level]
        found += [("scp", one) for level in self.scps for one in level]
        found += [("resource", self.resource)] if self.resource else []
        found += [("identity", one) for one in self.identity]
        found += [("boundary", self.boundary)] if self.boundary else []
        found += [("session", one) for one in self.session]
        object.__setattr__(self, "documents", tuple(found))
        limits = (("boundary", (self.boundary,) if self.boundary else ()), ("session", self.session))
        object.__setattr__(self, "limits", tuple((kind, documents) for kind, documents in limits if documents))
        ceilings = (("rcp", self.rcps), ("scp", self.scps))
        object.__setattr__(self, "ceilings", tuple((kind, levels) for kind, levels in ceilings if levels))


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """The answer. What led to it is worked out when asked for."""

    effect: Effect
    kind: PolicyKind | Literal[""]
    """Whose statement decided; for an implicit denial, the first kind of policy that would have had to allow."""
    document: str
    """Label of the document that decided; empty where no statement did."""
    index: int
    """Position of the statement; -1 where none decided."""
    sid: str
    request: AccessRequest
    policies: Policies
    caller: Caller

    @property
    def allowed(self) -> bool:
        """Whether the request may go ahead."""
        return self.effect == "allowed"

    @property
    def statement(self) -> str:
        """The Sid of the deciding statement, or its position; empty where none decided."""
        return self.sid or (f"Statement[{self.index}]" if self.index >= 0 else "")

    def explain(self) -> tuple[Reason, ...]:
        """What every statement of every document had to say."""
        return tuple(
            reason
            for kind, compiled in self.policies.documents
            for reason in reasons(kind, compiled, self.request, self.caller)
        )

    def nearest(self) -> Reason | None:
        """The statement that came closest to allowing a request that nothing allows; `None` where none is near."""
        if self.effect != "implicit_deny":
            return None
        best: Reason | None = None
        rank = (0, 0)
        for kind, compiled in self.policies.documents:
            if kind != self.kind or not compiled.candidates(self.request.action).allow:
                continue
            for reason in reasons(kind, compiled, self.request, self.caller):
                if reason.effect == "Allow" and reason.mismatches:
                    first = reason.mismatches[0]
                    here = (_CLOSENESS[first.element], -len(reason.mismatches))
                    if here > rank:
                        best, rank = reason, here
        return best

    def text(self) -> str:
        """One sentence: the answer, and the statement that gave it or came closest."""
        asked = f"{self.request.action} on {self.request.resource}"
        if self.effect == "allowed":
            return (
                f"{asked} is allowed by {self.document}, {self.statement}" if self.index >= 0 else f"{asked} is allowed"
            )
        if self.effect == "explicit_deny":
            return f"{asked} is denied by {self.document}, {self.statement} ({self.kind} policy)"
        near = self.nearest()
        tail = f"; nearest: {near.text()}" if near else "; no statement names the action"
        return f"{asked} is allowed by no {self.kind} policy{tail}"
