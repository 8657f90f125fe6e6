"""Documents in pieces that IAM takes: a managed policy has 6,144 characters, a role ten of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sandgate.errors import ConfigError
from sandgate.guard.policy import LIMITS, size_of
from sandgate.iam.document import Document, Statement

__all__ = ["MOST_POLICIES", "parts_of"]

MOST_POLICIES = 10
"""Managed policies of one role before anybody asks for more; IAM User Guide, "IAM and STS quotas"."""
_LIMIT = LIMITS["managed policy"]


def parts_of(document: Document, *, most: int = MOST_POLICIES) -> tuple[Document, ...]:
    """A document as managed policies that together say the same; pure.

    Statements stay whole and in order where they fit; one that is too large for a policy of its own is spread over
    several by its resources, then by its actions, which changes nothing about what it matches.

    Args:
        document: of a role.
        most: policies that the role may have.

    Raises:
        ConfigError: it needs more policies, or a statement with NotAction or NotResource is too large.
    """
    found: list[Document] = []
    for statement in (piece for whole in document.statements for piece in _pieces(whole, document)):
        for number, part in enumerate(found):
            longer = replace(part, statements=(*part.statements, statement))
            if size_of(longer) <= _LIMIT:
                found[number] = longer
                break
        else:
            found.append(replace(document, statements=(statement,)))
    if len(found) > most:
        raise ConfigError(
            f"the policy needs {len(found)} managed policies, and IAM gives a role {most}",
            where=document.where,
            hint="name the services that the tests use: services = [...]",
        )
    return tuple(found)


def _pieces(statement: Statement, document: Document) -> Iterator[Statement]:
    if size_of(replace(document, statements=(statement,))) <= _LIMIT:
        yield statement
        return
    halved = _by_resources(statement) or _by_actions(statement)
    if halved is None:
        raise ConfigError(
            f"a statement is larger than the {_LIMIT:,} characters of a managed policy",
            where=f"{document.where}, statement {statement.sid or 'without Sid'}",
            hint="write it shorter, or as several statements",
        )
    for half in halved:
        yield from _pieces(half, document)


def _by_resources(statement: Statement) -> tuple[Statement, Statement] | None:
    half = len(statement.resources) // 2
    if not half:
        return None
    first, second = statement.resources[:half], statement.resources[half:]
    return replace(statement, resources=first), _again(replace(statement, resources=second))


def _by_actions(statement: Statement) -> tuple[Statement, Statement] | None:
    half = len(statement.actions) // 2
    if not half:
        return None
    first, second = statement.actions[:half], statement.actions[half:]
    return replace(statement, actions=first), _again(replace(statement, actions=second))


def _again(statement: Statement) -> Statement:
    """The second half, under a Sid that the first one does not have."""
    return replace(statement, sid=f"{statement.sid}x") if statement.sid else statement
