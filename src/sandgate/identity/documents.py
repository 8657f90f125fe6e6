"""Every IAM document of an identity, from configuration and account alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandgate.config.identity import IDENTITY_READS, IdentityNames, identity_names, ledger_table
from sandgate.config.model import Config
from sandgate.errors import ConfigError
from sandgate.guard.policy import Policy, load_policy
from sandgate.iam.document import Condition, Document, Principals, Statement
from sandgate.identity.boundary import bounded, guards, limit
from sandgate.identity.buckets import in_own_account
from sandgate.identity.parts import MOST_POLICIES, parts_of

__all__ = ["Documents", "documents", "of_service"]

_LEDGER = (
    "dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
)  # fmt: skip
"""What the shared ledger calls; a transaction needs the rights of what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The documents of one identity in one account."""

    names: IdentityNames
    account: str
    partition: str
    user: Document
    """The user's inline policy: the test role, and who one is."""
    trust: Document
    """Who may assume the test role."""
    deployer_trust: Document
    role: Mapping[str, Document]
    """Managed policies of the test role, by name; the deployer role has them too."""
    role_inline: Document
    deployer: Mapping[str, Document]
    """Managed policies that the deployer role has beside those of the test role."""
    deployer_inline: Document
    ledger: Document | None
    """What the role of the shared ledger may do; `None` where there is no such ledger."""
    boundary: Document
    limit: Document
    left_out: tuple[str, ...] = ()
    """IAM prefixes that found no room in the boundary."""
    table: str = ""
    """Of the shared ledger, where this identity's stack has it."""
    admits_user: bool = True
    """Whether the user may assume the role; not where `trusted` names others only."""


def of_service(config: Config, service: str) -> Config:
    """The configuration of an identity that is for one service only; as it is where none is named."""
    if not service:
        return config
    return replace(config, services=(service,), sources={**config.sources, "services": "command line, --service"})


def documents(config: Config, *, account: str, partition: str = "aws", service: str = "") -> Documents:
    """The documents of a configuration's identity.

    Args:
        config: its options about the identity and the sandbox.
        account: 12 digits.
        partition: of the account.
        service: botocore's name of the only service that the identity is for; empty for all of the configuration.

    Raises:
        ConfigError: names or services are wrong, or the policy is too large for IAM.
        PolicyError: the policy file or a statement of `allow` is malformed.
    """
    config = of_service(config, service)
    names = identity_names(config, service)
    # The identity outlives runs, so its policy cannot know their namespaces; the gate keeps runs apart.
    policy = in_own_account(
        load_policy(replace(config, isolation="prefix"), account=account, namespace="", partition=partition)
    )
    denied = guards(names, account=account, partition=partition)
    table = ledger_table(config)
    next_role = (_assume("AssumeLedger", names.ledger_role_arn(account, partition)),) if table else ()
    bound = bounded(policy.document)
    role = parts_of(policy.document)
    deployer = _beside(policy, most=MOST_POLICIES - len(role))
    return Documents(
        names=names,
        account=account,
        partition=partition,
        user=Document(statements=(_assume("AssumeTestRole", names.role_arn(account, partition)), _reads())),
        trust=_trust(names, config, account=account, partition=partition),
        deployer_trust=Document(
            kind="trust", statements=(_trusting((names.role_arn(account, partition),), conditions=()),)
        ),
        role={names.policy(number): part for number, part in enumerate(role, start=1)},
        role_inline=Document(
            statements=(
                _assume("AssumeDeployer", names.deployer_role_arn(account, partition)),
                *next_role,
                _reads(),
                *denied,
            )
        ),
        deployer={names.policy(number, deployer=True): part for number, part in enumerate(deployer, start=1)},
        deployer_inline=Document(statements=(_reads(), *denied)),
        ledger=_ledger(f"arn:{partition}:dynamodb:{config.region}:{account}:table/{table}") if table else None,
        table="" if service else table,
        boundary=bound.document,
        limit=limit(policy.document, policy.deployer, denied),
        left_out=bound.left_out,
        admits_user=not config.trusted or names.user_arn(account, partition) in config.trusted,
    )


def _ledger(table: str) -> Document:
    """What a gate needs of the table: to read it, and to write into it. Not to delete anything."""
    return Document(statements=(Statement(effect="Allow", sid="Ledger", actions=_LEDGER, resources=(table,)),))


def _beside(policy: Policy, *, most: int) -> tuple[Document, ...]:
    own = set(policy.document.statements)
    rest = tuple(statement for statement in policy.deployer.statements if statement not in own)
    if not rest:
        return ()
    if most < 1:
        raise ConfigError(
            f"the policy leaves the deployer no room among the {MOST_POLICIES} managed policies of a role",
            hint="name the services that the tests use: services = [...]",
        )
    return parts_of(replace(policy.deployer, statements=rest), most=most)


def _trust(names: IdentityNames, config: Config, *, account: str, partition: str) -> Document:
    """Exactly the configured principals; else the user, by a condition: a principal is lost when a user is remade."""
    said = (
        (Condition(operator="StringEquals", key="sts:ExternalId", values=(names.external_id,)),)
        if names.external_id
        else ()
    )
    statements = []
    if config.trusted:
        statements.append(_trusting(config.trusted, conditions=said))
    callers = () if config.trusted else (names.user_arn(account, partition),)
    if config.ci_credentials == "oidc":
        callers = (*callers, names.ci_role_arn(account, partition))
    if callers:
        exactly = Condition(operator="ArnEquals", key="aws:PrincipalArn", values=callers)
        root = f"arn:{partition}:iam::{account}:root"
        statements.append(_trusting((root,), conditions=(exactly, *said)))
    return Document(kind="trust", statements=tuple(statements))


def _trusting(principals: tuple[str, ...], *, conditions: tuple[Condition, ...]) -> Statement:
    return Statement(
        effect="Allow", principal=Principals(aws=principals), actions=("sts:AssumeRole",), conditions=conditions
    )


def _assume(sid: str, role: str) -> Statement:
    return Statement(effect="Allow", sid=sid, actions=("sts:AssumeRole",), resources=(role,))


def _reads() -> Statement:
    return Statement(effect="Allow", sid="WhoAmI", actions=IDENTITY_READS, resources=("*",))
