"""The bounds of the principals: of those that tests make, and of the identity's own roles. Pure.

Source: IAM User Guide, "Permissions boundaries for IAM entities", its section on delegating with boundaries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sandgate.config.identity import IDENTITY_READS, IdentityNames
from sandgate.errors import ConfigError
from sandgate.guard.policy import LIMITS, size_of
from sandgate.iam.catalog import catalog, prefixes
from sandgate.iam.document import Condition, Document, Statement

__all__ = ["Bounded", "bounded", "guards", "limit"]

_LIMIT = LIMITS["managed policy"]
_READS = frozenset({"Read", "List"})
_NEVER = ("iam", "cloudformation", "organizations", "account", "sso", "identitystore")
"""Prefixes of what nobody does whom tests made: with none of them it makes no principal that is more than itself."""
_FIRST = (
    "logs", "dynamodb", "s3", "sqs", "sns", "lambda", "events", "states", "secretsmanager", "ssm", "kms", "kinesis",
    "execute-api", "cloudwatch", "firehose", "sts", "cognito-idp", "scheduler", "cognito-identity", "ecr",
)  # fmt: skip
"""What roles of applications use, the commonest first; a boundary is one policy, so what comes late may not fit."""
_MAKING = (
    "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreateRole", "iam:CreateUser",
    "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy",
)  # fmt: skip
"""What makes a principal or gives it rights; each knows the condition key iam:PermissionsBoundary."""
_FREEING = ("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary")
_CHANGING = (
    "iam:Add*", "iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:PassRole", "iam:Put*", "iam:Remove*",
    "iam:Set*", "iam:Tag*", "iam:Untag*", "iam:Update*",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A boundary, and what found no room in it."""

    document: Document
    left_out: tuple[str, ...] = ()
    """IAM prefixes of services that roles which tests make cannot use."""


def bounded(document: Document) -> Bounded:
    """The boundary of the principals that tests make: a part of what the tests themselves may do, and no more.

    Each of its statements allows at most what one statement of the document allows; what the document denies stays
    denied. Listings of the whole account and all of IAM are left out.

    Args:
        document: the sandbox policy.

    Raises:
        ConfigError: what the document denies is larger than a policy.
    """
    never = Statement(effect="Deny", actions=tuple(f"{prefix}:*" for prefix in _NEVER), resources=("*",))
    denied = tuple(replace(item, sid="") for item in document.statements if item.effect == "Deny")
    found = replace(document, statements=(never, *denied), id="", where="permissions boundary")
    if size_of(found) > _LIMIT:
        raise ConfigError(
            f"what the policy denies is larger than the {_LIMIT:,} characters of a permissions boundary",
            where=document.where,
            hint="deny less, or more briefly",
        )
    left: list[str] = []
    for prefix, statements in _by_prefix(document):
        longer = replace(found, statements=(*found.statements, *statements))
        if size_of(longer) <= _LIMIT:
            found = longer
        else:
            left.append(prefix)
    return Bounded(document=found, left_out=tuple(left))


def _by_prefix(document: Document) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """What is allowed, one service after the other."""
    found: dict[str, list[Statement]] = {}
    for statement in document.statements:
        if statement.effect != "Allow":
            continue
        if statement.not_actions:
            found.setdefault("*", []).append(replace(statement, sid=""))
            continue
        split: dict[str, list[str]] = {}
        for action in statement.actions:
            prefix = action.partition(":")[0].lower()
            if prefix not in _NEVER and not (statement.resources == ("*",) and _only_looks(action)):
                split.setdefault(prefix, []).append(action)
        for prefix, actions in split.items():
            found.setdefault(prefix, []).append(replace(statement, sid="", actions=tuple(actions)))
    rank = {prefix: number for number, prefix in enumerate(("*", *_FIRST))}
    for prefix in sorted(found, key=lambda name: (rank.get(name, len(rank)), name)):
        yield prefix, tuple(found[prefix])


def _only_looks(action: str) -> bool:
    prefix, _, name = action.partition(":")
    entry = catalog(prefix).action(name) if prefix in prefixes() else None
    return entry is not None and entry.level in _READS


def guards(names: IdentityNames, *, account: str, partition: str = "aws") -> tuple[Statement, ...]:
    """What no document of the configuration can allow the tests: to make somebody unbounded, or to change who they are.

    Args:
        names: of the identity.
        account: 12 digits.
        partition: of the account.
    """
    boundary = names.boundary_arn(account, partition)
    iam = f"arn:{partition}:iam::{account}"
    own = (f"{iam}:user/{names.user}*", f"{iam}:role/{names.role}*", f"{iam}:policy/{names.user}-*")
    stack = f"arn:{partition}:cloudformation:*:{account}:stack/{names.stack}/*"
    unbounded = Condition(operator="StringNotEquals", key="iam:PermissionsBoundary", values=(boundary,))
    return (
        Statement(effect="Deny", sid="OnlyBounded", actions=_MAKING, resources=("*",), conditions=(unbounded,)),
        Statement(effect="Deny", sid="StaysBounded", actions=_FREEING, resources=("*",)),
        Statement(effect="Deny", sid="NotItself", actions=_CHANGING, resources=own),
        Statement(effect="Deny", sid="NotItsStack", actions=("cloudformation:*",), resources=(stack,)),
    )


def limit(document: Document, deployer: Document, denied: tuple[Statement, ...]) -> Document:
    """The bound of the identity's own roles: the services of its documents, and `denied`, whatever is attached later.

    Args:
        document: of the test role.
        deployer: of the deployer role.
        denied: what neither may ever do.
    """
    allowed = [item for text in (document, deployer) for item in text.statements if item.effect == "Allow"]
    actions = {"sts:*", "iam:ListAccountAliases"}
    for statement in allowed:
        if statement.not_actions:
            actions.add("*")
        actions.update(f"{prefix}:*" if prefix != "*" else "*" for prefix in _prefixes(statement))
    everything = tuple(sorted(actions)) if "*" not in actions else ("*",)
    statement = Statement(effect="Allow", actions=everything, resources=("*",))
    return Document(statements=(statement, *denied), where="limit")


def _prefixes(statement: Statement) -> Iterator[str]:
    """Of what it allows beside asking who one is, which is no use of a service."""
    for action in statement.actions:
        if action not in IDENTITY_READS:
            yield action.partition(":")[0].lower()
