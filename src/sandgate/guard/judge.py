"""One document, ready to be asked; what it said of an action on a resource is remembered where nothing else matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from sandgate.guard.owners import owners_of
from sandgate.iam.compile import Rule, compile_document
from sandgate.iam.document import Document
from sandgate.iam.evaluate import evaluate
from sandgate.iam.principal import ANONYMOUS
from sandgate.iam.request import AccessRequest
from sandgate.iam.variables import has_variables, template
from sandgate.iam.verdict import Policies, Verdict

__all__ = ["Judge", "Judged"]

_REMEMBERED = 8192


class Judged(NamedTuple):
    """What a document says of one request."""

    outcome: Literal["allowed", "denied", "nothing", "not-owned"]
    statement: str = ""
    """The deciding statement; empty where none did."""


class Judge:
    """A compiled document.

    Args:
        document: what may be done.
        by_id: Sids of statements that allow only what `owned` knows.
        owned: whether the run made a resource, or a stack that it adopted has it; by ARN.
    """

    def __init__(self, document: Document, *, by_id: frozenset[str], owned: Callable[[str], bool]) -> None:
        self.document = document
        self._compiled = compile_document(document)
        self._policies = Policies(identity=(self._compiled,))
        self._by_id = by_id
        self._owned = owned
        self._known: set[tuple[str, str]] = set()
        self._plain: dict[str, bool] = {}

    def allows(self, request: AccessRequest) -> bool:
        """Whether the request may go ahead; the quick way."""
        key = (request.action, request.resource)
        if key in self._known:
            return True
        found = self.judge(request)
        if found.outcome != "allowed":
            return False
        if self._timeless(request.action, found.statement):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known.add(key)
        return True

    def judge(self, request: AccessRequest) -> Judged:
        """What the document says, with the deciding statement."""
        verdict = self.verdict(request)
        if verdict.effect == "explicit_deny":
            return Judged("denied", verdict.statement)
        if verdict.effect == "implicit_deny":
            return Judged("nothing")
        if verdict.sid not in self._by_id:
            return Judged("allowed", verdict.statement)
        # Another statement may allow without asking who made it: an adopted ARN, or one of the user's.
        for rule in self._compiled.candidates(request.action).allow:
            if rule.statement.sid not in self._by_id and rule.matches(request, ANONYMOUS):
                return Judged("allowed", rule.statement.sid or f"Statement[{rule.index}]")
        return Judged("allowed" if self._is_ours(request) else "not-owned", verdict.statement)

    def verdict(self, request: AccessRequest) -> Verdict:
        """The engine's answer, with its explanation."""
        return evaluate(request, self._policies)

    def candidates(self, action: str) -> tuple[Rule, ...]:
        """The statements that allow an action on something."""
        return self._compiled.candidates(action).allow

    def _is_ours(self, request: AccessRequest) -> bool:
        owners = owners_of(request.resource)
        if any("*" in owner for owner in owners):
            # What has no id yet is this run's in the moment it is made, with its tags, and only then.
            return request.action.partition(":")[2].startswith(("Create", "TagResource")) or _tags_new(request)
        return any(self._owned(owner) for owner in owners)

    def _timeless(self, action: str, statement: str) -> bool:
        """Whether the answer depends on action and resource alone."""
        if statement in self._by_id:
            return False
        found = self._plain.get(action)
        if found is None:
            candidates = self._compiled.candidates(action)
            found = not any(rule.checks or self._moves(rule) for rule in (*candidates.deny, *candidates.allow))
            self._plain[action] = found
        return found

    def _moves(self, rule: Rule) -> bool:
        texts = (*rule.statement.resources, *rule.statement.not_resources)
        return any(has_variables(template(text, variables=self.document.variables, wildcards=True)) for text in texts)


def _tags_new(request: AccessRequest) -> bool:
    """Whether API Gateway asks for the tags of what a call makes; a call that tags what exists names it."""
    return request.action == "apigateway:PUT" and request.resource.endswith("::/tags/*")
