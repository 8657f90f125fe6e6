"""The same policy in fewer and cheaper words: the emulator reads all of it, pattern by pattern, for every call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandgate.iam.catalog import catalog
from sandgate.iam.document import Document, Statement

__all__ = ["compact", "shortest"]

_WORTH = 3
"""Names that a list must have before wildcards make it cheaper."""


def compact(document: Document, *, also: Iterable[str] = ()) -> Document:
    """A document that allows and denies the same actions that IAM has, statement by statement.

    Statements that differ in resources alone become one; lists of names become patterns that fit those names and no
    other action of the service; statements with few patterns come first. Order means nothing to IAM.

    Args:
        document: of an identity.
        also: actions that exist beside those of the catalogue.
    """
    others: dict[str, set[str]] = {}
    for action in also:
        prefix, _, name = action.partition(":")
        others.setdefault(prefix, set()).add(name)
    statements = [
        replace(statement, actions=_shorter(statement.actions, others))
        if len(statement.actions) > _WORTH
        else statement
        for statement in document.statements
    ]
    return replace(document, statements=tuple(sorted(_joined(statements), key=lambda one: len(one.actions))))


def _joined(statements: Iterable[Statement]) -> Iterable[Statement]:
    """One statement for those that differ in their resources alone."""
    out: dict[Statement, Statement] = {}
    for statement in statements:
        if not statement.resources:
            out[statement] = statement
            continue
        key = replace(statement, sid="", resources=())
        before = out.get(key)
        arns = (*before.resources, *statement.resources) if before else statement.resources
        out[key] = replace(before or statement, resources=tuple(dict.fromkeys(arns)))
    return out.values()


def _shorter(actions: tuple[str, ...], others: dict[str, set[str]]) -> tuple[str, ...]:
    """Names service by service; what is a pattern already stays as it is."""
    out = [action for action in actions if "*" in action or "?" in action or ":" not in action]
    names: dict[str, set[str]] = {}
    for action in actions:
        if action not in out:
            prefix, _, name = action.partition(":")
            names.setdefault(prefix, set()).add(name)
    for prefix, held in names.items():
        known = {entry.name for entry in catalog(prefix).actions.values()} | others.get(prefix, set())
        out += (f"{prefix}:{text}" for text in shortest(held, known))
    return tuple(out)


def shortest(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Few patterns `Text*` and names that together fit `names`, and nothing else of `known`.

    Args:
        names: to be fitted.
        known: every name that there is; case does not matter.
    """
    held = sorted({name.lower(): name for name in names}.items())
    foreign = {name.lower() for name in known} - {lower for lower, _ in held}
    return tuple(_cover("", held, foreign))


def _cover(start: str, held: list[tuple[str, str]], foreign: set[str]) -> list[str]:
    """Patterns for the names that begin with `start`, of which `foreign` are those to leave out."""
    if len(held) == 1:
        return [held[0][1]]
    if not foreign:
        return [f"{held[0][1][: len(start)]}*"]
    out = []
    at = len(start)
    for letter in sorted({lower[at : at + 1] for lower, _ in held}):
        inside = [pair for pair in held if pair[0][at : at + 1] == letter]
        if letter:
            out += _cover(start + letter, inside, {name for name in foreign if name.startswith(start + letter)})
        else:
            out += [name for _, name in inside]
    return out
