"""Documents made ready for many questions: patterns read once, statements looked up by action.

What an action leaves of a document is remembered per action, so a question looks only at statements that speak of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sandgate.iam.arns import arn_matcher, literal_start
from sandgate.iam.conditions._clause import Check, compile_clause
from sandgate.iam.document import Document, Statement
from sandgate.iam.match import STAR, Pattern, is_literal, matcher, pattern
from sandgate.iam.principal import Caller, exempt, named
from sandgate.iam.request import AccessRequest
from sandgate.iam.variables import Context, Template, has_variables, resolve, template

__all__ = ["Candidates", "Compiled", "Rule", "compile_document"]

_Actions = Callable[[str], bool]
_Resources = Callable[[str, Context], bool]
_REMEMBERED = 4096
"""Actions per document that are remembered; more than the services of a suite have."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Rule:
    """One statement, ready."""

    index: int
    statement: Statement
    actions: _Actions
    resources: _Resources | None
    """`None` where every resource fits."""
    checks: tuple[Check, ...]

    def matches(self, request: AccessRequest, caller: Caller) -> bool:
        """Whether the statement is about a request whose action fits already."""
        if self.resources is not None and not self.resources(request.resource, request.context):
            return False
        for check in self.checks:
            if not check(request.context):
                return False
        return self.concerns(caller)

    def concerns(self, caller: Caller) -> bool:
        """Whether the statement is about the caller; statements of identities are about everybody who carries them."""
        statement = self.statement
        if statement.principal is not None:
            return bool(named(statement.principal, caller))
        return statement.not_principal is None or not exempt(statement.not_principal, caller)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Candidates:
    """The statements of a document that speak of one action."""

    deny: tuple[Rule, ...]
    allow: tuple[Rule, ...]
    notes: dict[str, tuple[object, ...]] = field(default_factory=dict)
    """What `explain` says of the other statements, by kind of document; kept since it depends on the action alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Compiled:
    """A document, ready for `evaluate`."""

    document: Document
    label: str
    rules: tuple[Rule, ...]
    _by_service: dict[str, tuple[Rule, ...]]
    _everywhere: tuple[Rule, ...]
    _known: dict[str, Candidates] = field(default_factory=dict)

    def candidates(self, action: str) -> Candidates:
        """What the document says of an action; case does not matter."""
        found = self._known.get(action)
        if found is None:
            found = self._candidates(action.lower())
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[action] = found
        return found

    def _candidates(self, action: str) -> Candidates:
        service = action.partition(":")[0]
        fitting = [rule for rule in self._by_service.get(service, self._everywhere) if rule.actions(action)]
        return Candidates(
            deny=tuple(rule for rule in fitting if rule.statement.effect == "Deny"),
            allow=tuple(rule for rule in fitting if rule.statement.effect == "Allow"),
        )


def compile_document(document: Document, *, label: str = "") -> Compiled:
    """A document, ready for `evaluate`.

    Args:
        document: as `parse_document` gives it.
        label: what explanations call it; by default where it was read from, or its Id.

    Raises:
        ValueError: the document was put together by hand and holds what the parser refuses.
    """
    rules = tuple(_rule(index, statement, document) for index, statement in enumerate(document.statements))
    services: dict[int, frozenset[str] | None] = {rule.index: _services(rule.statement) for rule in rules}
    mentioned = frozenset[str]().union(*(found for found in services.values() if found))
    return Compiled(
        document=document,
        label=label or document.where or document.id or f"{document.kind} policy",
        rules=rules,
        _by_service={
            service: tuple(rule for rule in rules if (found := services[rule.index]) is None or service in found)
            for service in mentioned
        },
        _everywhere=tuple(rule for rule in rules if services[rule.index] is None),
    )


def _services(statement: Statement) -> frozenset[str] | None:
    """The services whose actions a statement can match; `None` for all."""
    if statement.not_actions or any(action.startswith("*") for action in statement.actions):
        return None
    return frozenset(action.partition(":")[0].lower() for action in statement.actions)


def _rule(index: int, statement: Statement, document: Document) -> Rule:
    allow = statement.effect == "Allow"
    return Rule(
        index=index,
        statement=statement,
        actions=_actions(statement),
        resources=_resources(statement, variables=document.variables, allow=allow),
        checks=tuple(
            compile_clause(item.operator, item.key, item.values, variables=document.variables, allow=allow)
            for item in statement.conditions
        ),
    )


def _actions(statement: Statement) -> _Actions:
    """A test of actions in lower case."""
    patterns = [pattern(action.lower()) for action in statement.actions or statement.not_actions]
    names = frozenset("".join(map(str, item)) for item in patterns if is_literal(item))
    tests = [matcher(item) for item in patterns if not is_literal(item)]
    positive = bool(statement.actions)

    def fits(action: str) -> bool:
        return (action in names or any(test(action) for test in tests)) is positive

    return fits


def _resources(statement: Statement, *, variables: bool, allow: bool) -> _Resources | None:
    texts = statement.resources or statement.not_resources
    positive = not statement.not_resources
    if not texts or (positive and "*" in texts):
        return None
    templates = [template(text, variables=variables, wildcards=True) for text in texts]
    fixed = [resolved for item in templates if not has_variables(item) and (resolved := resolve(item, {})) is not None]
    moving = [item for item in templates if has_variables(item)]
    test = _fixed(fixed)
    if not moving:
        if positive:
            return lambda resource, _context: test(resource)
        return lambda resource, _context: not test(resource)
    # A variable without a value is like nothing. Under NotResource that would widen what an Allow grants to everything
    # else, about which the documentation is silent, so such an Allow matches nothing.
    unknown = not positive and allow

    def fits(resource: str, context: Context) -> bool:
        found = test(resource) or _moving(moving, resource, context, unknown=unknown)
        return found is positive

    return fits


def _fixed(patterns: Iterable[Pattern]) -> Callable[[str], bool]:
    """A test for what is the same in every request: names and beginnings first."""
    literals, starts, others = set(), [], []
    for item in patterns:
        if is_literal(item):
            literals.add("".join(map(str, item)))
        elif (start := literal_start(item)) is not None:
            starts.append(start)
        else:
            others.append(_single(item))
    beginnings = tuple(starts)
    if beginnings and not literals and not others:
        return lambda resource: resource.startswith(beginnings)

    def fits(resource: str) -> bool:
        if resource in literals or resource.startswith(beginnings):
            return True
        return any(test(resource) for test in others)

    return fits


def _single(item: Pattern) -> Callable[[str], bool]:
    if item == (STAR,):
        return matcher(item)
    found = arn_matcher(item)
    if found is None:
        raise ValueError("a resource pattern must be an ARN of six segments or *")
    return found


def _moving(templates: Sequence[Template], resource: str, context: Context, *, unknown: bool) -> bool:
    """Whether a pattern with variables fits; `unknown` where one without a value does."""
    for item in templates:
        resolved = resolve(item, context)
        if resolved is None:
            if unknown:
                return True
        elif _single(resolved)(resource):
            return True
    return False
