"""What a document grants outside given resources, decided from its text alone: no request is tried.

Only `Allow` statements can grant; what conditions and `Deny` take away is not counted, so the answer is never too mild.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sandgate.iam.arns import arn_segments
from sandgate.iam.document import Document, Statement
from sandgate.iam.inclusion import arn_included
from sandgate.iam.variables import template

__all__ = ["Finding", "Scopable", "Unscoped", "outside", "unscoped"]

Scopable = Callable[[str], bool]
"""Whether an action, `dynamodb:PutItem`, has a resource that a statement can name; the catalogue of actions knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One element of an `Allow` statement that reaches outside."""

    index: int
    sid: str
    element: Literal["NotAction", "NotResource", "Action", "Resource"]
    value: str
    hint: str

    @property
    def statement(self) -> str:
        """The Sid, or the position as `Statement[2]`."""
        return self.sid or f"Statement[{self.index}]"

    def text(self) -> str:
        """One line."""
        return f"{self.statement}: {self.element} {self.value}: {self.hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unscoped:
    """Actions that a statement grants on `*` because they know no resources."""

    index: int
    sid: str
    actions: tuple[str, ...]


def outside(
    document: Document, inside: Sequence[str], *, scopable: Scopable | None = None, literal_actions: bool = True
) -> tuple[Finding, ...]:
    """What the document grants outside; empty is a proof that it grants nothing there.

    Args:
        document: of an identity; a missing `Resource` counts as `*`.
        inside: ARN patterns; every resource pattern of an `Allow` must lie in one of them.
        scopable: given, actions for which it says no may stand on `*`; `unscoped` lists them.
        literal_actions: whether wildcards in actions are findings even on resources that are inside.

    Raises:
        ValueError: a pattern of `inside` is no ARN pattern.
    """
    around = [template(text, variables=False, wildcards=True) for text in inside]
    for text, parts in zip(inside, around, strict=True):
        if text != "*" and arn_segments(parts) is None:
            raise ValueError(f"{text!r} is no ARN pattern of six segments")

    def fits(resource: str) -> bool:
        parts = template(resource, variables=document.variables, wildcards=True)
        return any(arn_included(parts, other) for other in around)

    def findings() -> Iterator[Finding]:
        for index, statement in _allowing(document):
            for element, value, hint in _complaints(statement, fits, scopable, literal_actions=literal_actions):
                yield Finding(index=index, sid=statement.sid, element=element, value=value, hint=hint)

    return tuple(findings())


def unscoped(document: Document, *, scopable: Scopable) -> tuple[Unscoped, ...]:
    """The `Allow` statements on `*` of actions that know no resources; nothing but a condition can narrow them."""
    out = []
    for index, statement in _allowing(document):
        actions = tuple(action for action in statement.actions if _literal(action) and not scopable(action))
        if actions and "*" in (statement.resources or ("*",)):
            out.append(Unscoped(index=index, sid=statement.sid, actions=actions))
    return tuple(out)


def _complaints(
    statement: Statement, fits: Callable[[str], bool], scopable: Scopable | None, *, literal_actions: bool
) -> Iterator[tuple[Literal["NotAction", "NotResource", "Action", "Resource"], str, str]]:
    if statement.not_actions:
        yield "NotAction", ", ".join(statement.not_actions), "grants every other action; list the actions in Action"
    if statement.not_resources:
        yield "NotResource", ", ".join(statement.not_resources), "grants every other resource; list them in Resource"
        return
    if literal_actions:
        for action in statement.actions:
            if not _literal(action):
                yield "Action", action, "grants actions that nobody named; list them"
    for resource in statement.resources or ("*",):
        if fits(resource):
            continue
        free = (action for action in statement.actions if scopable is None or not _literal(action) or scopable(action))
        named = ", ".join(free)
        if resource != "*":
            yield "Resource", resource, "is not inside"
        elif named or statement.not_actions:
            yield "Resource", resource, f"grants {named or 'actions'} everywhere; name the resources"


def _allowing(document: Document) -> Iterator[tuple[int, Statement]]:
    return ((at, statement) for at, statement in enumerate(document.statements) if statement.effect == "Allow")


def _literal(action: str) -> bool:
    return "*" not in action and "?" not in action
