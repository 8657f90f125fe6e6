"""The sandbox policy of a configuration: the generated document or the user's file, and what `allow` adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sandgate.config.identity import ledger_table, own_names
from sandgate.config.model import Config
from sandgate.config.options import AllowOptions
from sandgate.core.registry import nearest
from sandgate.errors import ConfigError
from sandgate.guard.sandbox import BY_ID, Sandbox, deployer_document, sandbox_document
from sandgate.guard.services import service_names
from sandgate.iam.catalog import catalog, prefixes
from sandgate.iam.document import CURRENT, Document, Statement, to_json
from sandgate.iam.parse import parse_document

__all__ = ["LIMITS", "SHARED", "VARIANTS", "Policy", "load_policy", "policy_of", "size_of", "too_large_for"]

LIMITS: Mapping[str, int] = MappingProxyType({"managed policy": 6144, "role inline": 10240, "user inline": 2048})
"""Characters without whitespace that a document of each kind may have (IAM User Guide, "IAM and STS quotas")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the guard judges by, and where it comes from."""

    sandbox: Sandbox
    document: Document
    deployer: Document
    by_id: frozenset[str] = frozenset()
    """Sids of statements on random ids."""
    written: Sandbox | None = None
    """The sandbox as the configuration has it, where what adopted stacks own came to it; remedies begin there."""
    file: str = ""
    """The user's document, as the option names it; empty where the document follows from the sandbox."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Option name to where its value came from."""


SHARED = "NotTheSharedLedger"
"""How the Sid of the statement begins that keeps everybody but the gate off the table of the shared ledger."""

VARIANTS: Mapping[str, Callable[[Policy], Document]] = MappingProxyType(
    {"identity": lambda policy: policy.document, "deployer": lambda policy: policy.deployer}
)
"""For whom a document can be shown, and which one that is."""


def size_of(document: Document) -> int:
    """Characters of a document as IAM counts them: without whitespace."""
    return len(to_json(document, indent=None))


def too_large_for(size: int) -> tuple[str, ...]:
    """The kinds of policy that hold no document of that size, with their limits."""
    return tuple(f"{kind} ({limit:,})" for kind, limit in LIMITS.items() if size > limit)


def policy_of(sandbox: Sandbox, *, sources: Mapping[str, str] | None = None) -> Policy:
    """The policy that follows from a sandbox; pure."""
    document = sandbox_document(sandbox)
    return Policy(
        sandbox=sandbox,
        document=document,
        deployer=deployer_document(sandbox, document),
        by_id=frozenset(statement.sid for statement in document.statements if statement.sid.endswith(BY_ID)),
        sources=sources or {},
    )


def load_policy(
    config: Config, *, account: str, namespace: str, partition: str = "aws", written: Config | None = None
) -> Policy:
    """The policy of a configuration.

    Args:
        config: its options `prefix`, `adopt`, `services`, `allow`, `policy`, `isolation` and `region`.
        account: that calls reach, 12 digits.
        namespace: the run's; not used with `isolation = "prefix"`.
        partition: of the account.
        written: the options as somebody wrote them, where `config` has more.

    Raises:
        ConfigError: a service does not exist, or the policy file cannot be read.
        PolicyError: the policy file or a statement of `allow` is malformed.
    """
    _check_services(config)
    sandbox = Sandbox(
        prefixes=config.prefix,
        namespace=namespace if config.isolation == "run" else None,
        adopt=config.adopt,
        services=config.services,
        partition=partition,
        account=account,
        region=config.region,
        allow=_allowed(config),
        own=own_names(config),
    )
    typed = None if written is None else replace(sandbox, adopt=written.adopt, allow=_allowed(written))
    if not config.policy:
        return _kept(replace(policy_of(sandbox, sources=config.sources), written=typed), config)
    document = _own(config, sandbox.allow)
    found = Policy(
        sandbox=sandbox,
        written=typed,
        document=document,
        deployer=document,
        file=config.policy,
        sources=config.sources,
    )
    return _kept(found, config)


def _kept(policy: Policy, config: Config) -> Policy:
    """The policy without the table of the shared ledger, whatever else it allows."""
    table = ledger_table(config)
    if not table:
        return policy
    sandbox = policy.sandbox
    arn = f"arn:{sandbox.partition}:dynamodb:*:{sandbox.account}:table/{table}"
    never = Statement(effect="Deny", sid=SHARED, actions=("dynamodb:*",), resources=(arn, f"{arn}/*"))
    document = _without(policy.document, never)
    same = policy.deployer is policy.document
    return replace(policy, document=document, deployer=document if same else _without(policy.deployer, never))


def _without(document: Document, never: Statement) -> Document:
    taken = {statement.sid for statement in document.statements}
    return replace(document, statements=(*document.statements, replace(never, sid=_fresh(never.sid, taken))))


def _fresh(sid: str, taken: set[str]) -> str:
    while sid in taken:
        sid += "x"
    return sid


def _check_services(config: Config) -> None:
    for name in config.services:
        if name not in service_names():
            close = nearest(name, service_names())
            raise ConfigError(
                f"services: there is no service {name!r} that sandgate can keep to a sandbox",
                where=f"{config.sources.get('services', '')}, key services",
                hint=f"did you mean {close!r}?" if close else f"known: {', '.join(sorted(service_names()))}",
            )


def _own(config: Config, allow: Iterable[Statement]) -> Document:
    path = config.root / config.policy
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not UTF-8"
        raise ConfigError(
            f"the policy file cannot be read: {reason}",
            where=f"{path}, from {config.sources.get('policy', '')}, key policy",
            hint="create the file, or unset policy",
        ) from None
    found = parse_document(text, where=str(path))
    taken = {statement.sid for statement in found.statements}
    added = (statement for statement in allow)
    return Document(
        statements=(*found.statements, *(_renamed(statement, taken) for statement in added)),
        version=found.version,
        id=found.id,
        where=str(path),
    )


def _renamed(statement: Statement, taken: set[str]) -> Statement:
    """The statement with a Sid that the file does not have."""
    return Statement(
        effect="Allow",
        sid=_fresh(statement.sid, taken),
        actions=statement.actions,
        resources=statement.resources,
        conditions=statement.conditions,
    )


def _allowed(config: Config) -> tuple[Statement, ...]:
    where = f"{config.sources.get('allow', '')}, key allow"
    return tuple(_statement(item, number, where) for number, item in enumerate(config.allow))


def _statement(item: AllowOptions, number: int, where: str) -> Statement:
    raw: dict[str, object] = {
        "Sid": f"Allow{number + 1}",
        "Effect": "Allow",
        "Action": list(item.actions),
        "Resource": list(item.resources),
    }
    if item.conditions:
        raw["Condition"] = {
            operator: {key: list(values) for key, values in keys.items()} for operator, keys in item.conditions.items()
        }
    here = f"{where}[{number}]"
    found = parse_document({"Version": CURRENT, "Statement": raw}, where=here).statements[0]
    for action in found.actions:
        _check_action(action, here)
    return found


def _check_action(action: str, where: str) -> None:
    """A misspelt action would allow nothing, and nobody would see why."""
    prefix, _, name = action.partition(":")
    if "*" in action or "?" in action or prefix not in prefixes() or catalog(prefix).action(name):
        return
    known = [entry.name for entry in catalog(prefix).actions.values()]
    close = nearest(name, known)
    hint = f"did you mean {prefix}:{close}?" if close else "the Service Authorization Reference lists the actions"
    raise ConfigError(f"allow: IAM knows no action {action!r}", where=where, hint=hint)
