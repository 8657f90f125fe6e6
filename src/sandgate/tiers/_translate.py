"""A policy as the emulator's own IAM has to be told it, so that it allows what IAM allows. Pure.

The gate judges every call before, by the document itself; the emulator is the second judge, and hears the calls of
functions and whoever finds its socket too. So where it cannot tell two calls apart, it is told to allow both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from sandgate.iam.document import Document, Statement
from sandgate.iam.match import STAR, matcher, pattern
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
    statements = [new for statement in document.statements for new in _statement(statement, document, variables, known)]
    free = tuple(action for action in sorted(known.free) if _speaks(document, action))
    if free:
        statements.append(Statement(effect="Allow", sid="Free", actions=free, resources=("*",)))
    return compact(replace(document, statements=tuple(statements)), also=_names(known))


def _statement(
    statement: Statement, document: Document, variables: Mapping[str, str], known: Tables
) -> Iterator[Statement]:
    allow = statement.effect == "Allow"
    if not allow and not all(known.knows(condition.key) for condition in statement.conditions):
        # Without the key the emulator may see the condition fulfilled where AWS does not: it would refuse too much.
        return
    plain = expanded(statement, variables) if document.variables else statement
    if plain is None:
        return
    kept = tuple(condition for condition in plain.conditions if known.knows(condition.key))
    named = _named(replace(plain, conditions=kept), known)
    if not allow and named.not_resources:
        # "Deny all but ours" is meant for ARNs; a call of which the emulator sees none may be one of ours.
        named = replace(named, not_resources=(*named.not_resources, UNSEEN))
    yield named
    if allow and named.resources and not any(set(pattern(arn)) == {STAR} for arn in named.resources):
        yield from _elsewhere(named, known)


def _elsewhere(statement: Statement, known: Tables) -> Iterator[Statement]:
    """What is allowed on ARNs, on what the emulator sees instead."""
    allowed = _grants(statement)
    unseen = tuple(action for action in sorted(known.unseen) if allowed(action))
    if unseen:
        yield _also(statement, "Unseen", unseen, (UNSEEN,))
    moved: dict[tuple[str, ...], set[str]] = {}
    for rule in known.moved:
        actions = {action for action in rule.actions if allowed(action)}
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


def _named(statement: Statement, known: Tables) -> Statement:
    """With the names under which the emulator asks for what the statement speaks of."""
    spoken = _speaker(statement.actions or statement.not_actions)
    names = tuple(
        action
        for action in sorted(known.literal)
        if not spoken(action) and any(spoken(own) for own in known.literal[action])
    )
    if statement.actions:
        return replace(statement, actions=(*statement.actions, *names))
    return replace(statement, not_actions=(*statement.not_actions, *names))


def _grants(statement: Statement) -> Callable[[str], bool]:
    if statement.actions:
        return _speaker(statement.actions)
    excluded = _speaker(statement.not_actions)
    return lambda action: not excluded(action)


def _speaker(actions: tuple[str, ...]) -> Callable[[str], bool]:
    tests = [matcher(pattern(text.lower())) for text in actions]
    return lambda action: any(test(action.lower()) for test in tests)


def _speaks(document: Document, action: str) -> bool:
    """Whether the document allows anything of the action's service."""
    service = action.partition(":")[0]
    return any(
        matcher(pattern(text.lower().partition(":")[0]))(service)
        for statement in document.statements
        if statement.effect == "Allow"
        for text in statement.actions
    )


def _names(known: Tables) -> frozenset[str]:
    return frozenset(known.literal) | known.unseen | known.free
