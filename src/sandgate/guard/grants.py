"""Whether a policy that a call writes grants more than the sandbox has: a role with it would be a way out.

Decided by inclusion of texts, so an answer is never too mild; conditions of the new policy are not counted, and a
statement of the sandbox that has conditions counts as granting nothing. What it denies without conditions, such as the
table of the shared ledger, is nothing that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandgate.iam.document import Document, Statement
from sandgate.iam.inclusion import arn_included, arns_meet, included, meets
from sandgate.iam.match import Pattern, pattern
from sandgate.iam.variables import Template, template

__all__ = ["Excess", "Grants"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """Something that a policy grants and the sandbox has not."""

    action: str
    resource: str

    def text(self) -> str:
        """`s3:GetObject on arn:aws:s3:::orders/*`."""
        return f"{self.action} on {self.resource}"


class Grants:
    """What a sandbox may give away.

    Args:
        document: the sandbox policy.
        by_id: Sids of statements on random ids, which give away only what `owned` knows.
        owned: whether the run made a resource, by ARN.
    """

    def __init__(self, document: Document, *, by_id: frozenset[str], owned: Callable[[str], bool]) -> None:
        self._owned = owned
        allows = [
            (statement, _actions(statement), _resources(statement, variables=document.variables))
            for statement in document.statements
            if statement.effect == "Allow" and statement.actions and statement.resources and not statement.conditions
        ]
        self._plain = [(actions, arns) for statement, actions, arns in allows if statement.sid not in by_id]
        self._by_id = [(actions, arns) for statement, actions, arns in allows if statement.sid in by_id]
        self._denied = [
            (_actions(statement), _resources(statement, variables=document.variables))
            for statement in document.statements
            if statement.effect == "Deny" and statement.actions and statement.resources and not statement.conditions
        ]

    def excess(self, document: Document) -> tuple[Excess, ...]:
        """What a document grants beyond the sandbox."""
        return tuple(self._each(document, lambda action, arn, text: not self._has(action, arn, text)))

    def denied(self, document: Document) -> tuple[Excess, ...]:
        """What a document grants that the sandbox denies, wholly or in part."""
        return tuple(self._each(document, lambda action, arn, _text: self._denies(action, arn)))

    def _each(self, document: Document, wrong: Callable[[Pattern, Template, str], bool]) -> Iterator[Excess]:
        for statement in document.statements:
            if statement.effect == "Allow":
                yield from _of(statement, wrong, variables=document.variables)

    def _has(self, action: Pattern, arn: Template, resource: str) -> bool:
        if self._denies(action, arn):
            return False
        if _inside(self._plain, action, arn):
            return True
        return "*" not in resource and _inside(self._by_id, action, arn) and self._owned(resource)

    def _denies(self, action: Pattern, arn: Template) -> bool:
        return any(
            any(meets(action, other) for other in actions) and any(arns_meet(arn, other) for other in arns)
            for actions, arns in self._denied
        )


def _of(statement: Statement, wrong: Callable[[Pattern, Template, str], bool], *, variables: bool) -> Iterator[Excess]:
    # Everything but what is named is more than any sandbox has.
    for action in statement.actions or ("*",):
        small = pattern(action.lower())
        for resource in statement.resources or ("*",):
            if wrong(small, template(resource, variables=variables, wildcards=True), resource):
                yield Excess(action=action, resource=resource)


_Allows = list[tuple[list[Pattern], list[Template]]]


def _inside(allows: _Allows, action: Pattern, arn: Template) -> bool:
    return any(
        any(included(action, other) for other in actions) and any(arn_included(arn, other) for other in arns)
        for actions, arns in allows
    )


def _actions(statement: Statement) -> list[Pattern]:
    return [pattern(action.lower()) for action in statement.actions]


def _resources(statement: Statement, *, variables: bool) -> list[Template]:
    return [template(text, variables=variables, wildcards=True) for text in statement.resources]
