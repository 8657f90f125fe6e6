"""A policy as the emulator's own IAM has to be told it, so that it allows what IAM allows. Pure.

The gate judges every call before, by the document itself; the emulator is the second judge, and hears the calls of
functions and whoever finds its socket too. So where it cannot tell two calls apart, it is told to allow both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sandgate.iam.document import Document, Statement
from sandgate.iam.match import STAR, is_literal, matcher, pattern
from sandgate.tiers._compact import compact
from sandgate.tiers._differences import Tables, tables
from sandgate.tiers._expand import expanded

__all__ = ["UNSEEN", "translate"]

UNSEEN = "?"
"""What stands for no resource. The emulator asks on `*` where it derives no ARN, and `?` is the pattern that this one
letter fits, and no ARN."""


def translate(document: Document, *, variables: Mapping[str, str], known: Tables | None = None) -> Document:
    """The document for the emulator.

    Args:
        document: of an identity.
        variables: condition key in lower case to the value that a policy variable has for everyone who carries the
            document. Other variables become `*` in what is allowed, and are left in what is denied.
        known: differences to mind; default: all of `differing_operations.json`.

    Returns:
        A document that allows the same actions on the same ARNs, under the names and on the ARNs that the emulator
        derives; it allows nothing of a service of which the given one allows nothing.
    """
    known = known or tables()
    asked = _Asked(known)
    statements = [new for statement in document.statements for new in _statement(statement, document, variables, asked)]
    speaks = _speaks(document)
    free = tuple(action for action in sorted(known.free) if speaks(action.partition(":")[0]))
    if free:
        statements.append(Statement(effect="Allow", sid="Free", actions=free, resources=("*",)))
    return compact(replace(document, statements=tuple(statements)), also=_names(known))


class _Asked:
    """Every action that the tables name, by service: most statements speak of one service, and most tables of others.

    Args:
        known: the tables.
    """

    def __init__(self, known: Tables) -> None:
        self.known = known
        self._all = frozenset(known.literal).union(
            known.unseen, *known.literal.values(), *(r.actions for r in known.moved)
        )
        self._by_service: dict[str, list[tuple[str, str]]] = {}
        for action in self._all:
            lower = action.lower()
            self._by_service.setdefault(lower.partition(":")[0], []).append((lower, action))

    def spoken(self, actions: tuple[str, ...]) -> frozenset[str]:
        """Those that patterns fit."""
        return frozenset(action for text in actions for action in self._fitting(text.lower()))

    def granted(self, statement: Statement) -> frozenset[str]:
        """Those that a statement means."""
        return self.spoken(statement.actions) if statement.actions else self._all - self.spoken(statement.not_actions)

    def _fitting(self, text: str) -> Iterator[str]:
        service = text.partition(":")[0]
        named = ":" in text and is_literal(pattern(service))
        test = matcher(pattern(text))
        for asked in [self._by_service.get(service, ())] if named else self._by_service.values():
            yield from (action for lower, action in asked if test(lower))


def _statement(
    statement: Statement, document: Document, variables: Mapping[str, str], asked: _Asked
) -> Iterator[Statement]:
    known = asked.known
    allow = statement.effect == "Allow"
    if not allow and not all(known.knows(condition.key) for condition in statement.conditions):
        # Without the key the emulator may see the condition fulfilled where AWS does not: it would refuse too much.
        return
    plain = expanded(statement, variables) if document.variables else statement
    if plain is None:
        return
    kept = tuple(condition for condition in plain.conditions if known.knows(condition.key))
    named = _named(replace(plain, conditions=kept), asked)
    if not allow and named.not_resources:
        # "Deny all but ours" is meant for ARNs; a call of which the emulator sees none may be one of ours.
        named = replace(named, not_resources=(*named.not_resources, UNSEEN))
    yield named
    if allow and named.resources and not any(set(pattern(arn)) == {STAR} for arn in named.resources):
        yield from _elsewhere(named, asked)


def _elsewhere(statement: Statement, asked: _Asked) -> Iterator[Statement]:
    """What is allowed on ARNs, on what the emulator sees instead."""
    allowed = asked.granted(statement)
    unseen = tuple(sorted(asked.known.unseen & allowed))
    if unseen:
        yield _also(statement, "Unseen", unseen, (UNSEEN,))
    moved: dict[tuple[str, ...], set[str]] = {}
    for rule in asked.known.moved:
        actions = rule.actions & allowed
        found = (rule.of(arn) for arn in statement.resources) if actions else ()
        arns = tuple(dict.fromkeys(arn for arn in found if arn and not _holds(statement.resources, arn)))
        if arns:
            moved.setdefault(arns, set()).update(actions)
    for number, (arns, names) in enumerate(moved.items(), start=1):
        yield _also(statement, f"Moved{number}", tuple(sorted(names)), arns)


def _also(statement: Statement, sid: str, actions: tuple[str, ...], arns: tuple[str, ...]) -> Statement:
    return Statement(
        effect="Allow",
        sid=f"{statement.sid}{sid}" if statement.sid else "",
        actions=actions,
        resources=arns,
        conditions=statement.conditions,
    )


def _holds(patterns: tuple[str, ...], arn: str) -> bool:
    """Whether the emulator, for whom an ARN is one text, has a pattern already that ends alike or wider."""
    return any(one == arn or (one.endswith("*") and arn.startswith(one[:-1])) for one in patterns)


def _named(statement: Statement, asked: _Asked) -> Statement:
    """With the names under which the emulator asks for what the statement speaks of."""
    spoken = asked.spoken(statement.actions or statement.not_actions)
    literal = asked.known.literal
    names = tuple(sorted(action for action in literal if action not in spoken and literal[action] & spoken))
    if statement.actions:
        return replace(statement, actions=(*statement.actions, *names))
    return replace(statement, not_actions=(*statement.not_actions, *names))


def _speaks(document: Document) -> Callable[[str], bool]:
    """Whether the document allows anything of a service."""
    services = {
        text.lower().partition(":")[0]
        for statement in document.statements
        if statement.effect == "Allow"
        for text in statement.actions
    }
    tests = [matcher(pattern(service)) for service in services]
    return lambda service: any(test(service) for test in tests)


def _names(known: Tables) -> frozenset[str]:
    return frozenset(known.literal) | known.unseen | known.free
