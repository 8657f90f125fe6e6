"""Whether a policy that a call writes grants more than the sandbox has: a role with it would be a way out.

Decided by inclusion of texts, so an answer is never too mild; conditions of the new policy are not counted, and a
statement of the sandbox that has conditions counts as granting nothing. What it denies without conditions, such as the
table of the shared ledger, is nothing that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from sandgate.iam.document import Document, Statement
from sandgate.iam.inclusion import ArnPattern, included, meets
from sandgate.iam.match import Pattern, joined, pattern
from sandgate.iam.variables import template

__all__ = ["Excess", "Grants"]


_P = TypeVar("_P", Pattern, ArnPattern)
_MOST: Final = 1000
"""What is said of one document; a policy that grants more needs no longer list."""


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
        """What a document grants beyond the sandbox, the first thousand of it."""
        return tuple(islice(self._each(document, lambda one, on, text: not self._has(one, on, text)), _MOST))

    def denied(self, document: Document) -> tuple[Excess, ...]:
        """What a document grants that the sandbox denies, wholly or in part; the first thousand of it."""
        return tuple(islice(self._each(document, lambda one, on, _text: self._denies(one, on)), _MOST))

    def _each(self, document: Document, wrong: Callable[[_Fits, _Fits, str], bool]) -> Iterator[Excess]:
        """Pairs that are wrong; actions and resources are held against the sandbox apart, since pairs are many."""
        for statement in document.statements:
            if statement.effect != "Allow":
                continue
            # Everything but what is named is more than any sandbox has.
            actions = {text: self._action(text) for text in statement.actions or ("*",)}
            resources = {
                text: self._resource(text, variables=document.variables) for text in statement.resources or ("*",)
            }
            for action, one in actions.items():
                for resource, on in resources.items():
                    if wrong(one, on, resource):
                        yield Excess(action=action, resource=resource)

    def _has(self, action: _Fits, arn: _Fits, text: str) -> bool:
        if self._denies(action, arn):
            return False
        if action.plain & arn.plain:
            return True
        return "*" not in text and bool(action.by_id & arn.by_id) and self._owned(text)

    @staticmethod
    def _denies(action: _Fits, arn: _Fits) -> bool:
        return bool(action.denied & arn.denied)

    def _action(self, text: str) -> _Fits:
        small = joined(pattern(text.lower()))
        return _Fits(
            _places((actions for actions, _ in self._plain), partial(included, small)),
            _places((actions for actions, _ in self._by_id), partial(included, small)),
            _places((actions for actions, _ in self._denied), partial(meets, small)),
        )

    def _resource(self, text: str, *, variables: bool) -> _Fits:
        small = ArnPattern.of(template(text, variables=variables, wildcards=True))
        return _Fits(
            _places((arns for _, arns in self._plain), small.within),
            _places((arns for _, arns in self._by_id), small.within),
            _places((arns for _, arns in self._denied), small.meets),
        )


class _Fits(NamedTuple):
    """Which statements of the sandbox one action or resource fits, by their places in `Grants`."""

    plain: frozenset[int]
    by_id: frozenset[int]
    denied: frozenset[int]


def _places(statements: Iterable[list[_P]], fits: Callable[[_P], bool]) -> frozenset[int]:
    """Places of the statements one of whose patterns fits."""
    return frozenset(at for at, patterns in enumerate(statements) if any(map(fits, patterns)))


def _actions(statement: Statement) -> list[Pattern]:
    return [joined(pattern(action.lower())) for action in statement.actions]


def _resources(statement: Statement, *, variables: bool) -> list[ArnPattern]:
    return [ArnPattern.of(template(text, variables=variables, wildcards=True)) for text in statement.resources]
