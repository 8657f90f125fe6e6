"""The sandbox policy: prefixes, services and adopted names to the one document that says what tests may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sandgate.config.identity import IDENTITY_READS
from sandgate.guard.services import Extra, Granted, Named, granted, prefixes_of
from sandgate.iam.document import Condition, Document, Statement

__all__ = ["ADOPTED", "BY_ID", "UNSCOPED", "Sandbox", "deployer_document", "fill", "name_patterns", "sandbox_document"]

BY_ID = "ById"
"""How the Sid of a statement on random ids ends: what it grants must also have been made by the run, or adopted."""
UNSCOPED = "Unscoped"
"""How the Sid of a statement on `*` ends: its actions know no resources."""
ADOPTED = "Adopted"
"""How the Sid of a statement on adopted ARNs begins."""
_ARTIFACTS = "artifacts"
_LOG_READS = ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What is inside.

    Args:
        prefixes: names begin with one of them, `test`.
        namespace: the run's, which names must carry too; `None` for `isolation = "prefix"`.
        adopt: exact names, and ARNs, that are inside as well.
        services: botocore's names; empty for all that are mapped.
        partition: `aws`, `aws-cn`, `aws-us-gov`.
        account: 12 digits.
        region: of the run.
        allow: statements beside the generated ones.
        own: names of the tests' identity, which are never adopted.
    """

    prefixes: tuple[str, ...] = ("test",)
    namespace: str | None = None
    adopt: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    partition: str = "aws"
    account: str
    region: str
    allow: tuple[Statement, ...] = ()
    own: frozenset[str] = frozenset()


def sandbox_document(sandbox: Sandbox) -> Document:
    """The document that says what tests may do; pure.

    Statements in the order of services: `…Inside` by name, `…Adopted` by exact name, `…ById`, those of the table, and
    `…Unscoped`; then who one is, as far as no service brings it, `Adopted…` for ARNs, and the sandbox's own `allow`.
    """
    prefixes = prefixes_of(sandbox.services)
    statements = [statement for prefix in prefixes for statement in _service(granted()[prefix], sandbox)]
    return Document(
        statements=(*statements, *_who_am_i(prefixes), *_adopted(sandbox), *sandbox.allow),
        where="sandbox policy",
    )


def deployer_document(sandbox: Sandbox, document: Document) -> Document:
    """What the deployer may do: the sandbox policy, and what stack commands call even where `services` leaves it out.

    Those are stacks, the bucket of their artifacts (`PREFIX-NAMESPACE-artifacts`) and the logs of their functions.

    Args:
        sandbox: names and place.
        document: of the identity.
    """
    if not sandbox.services:
        return document
    bucket = f"arn:{sandbox.partition}:s3:::{sandbox.prefixes[0]}-{sandbox.namespace or '*'}-{_ARTIFACTS}"
    own = [_allow("DeployerArtifacts", ("s3:*",), (bucket, f"{bucket}/*"))]
    for prefix, actions in (("cloudformation", ("cloudformation:*",)), ("logs", _LOG_READS)):
        found = _by_name(granted()[prefix], sandbox)
        own.append(_allow(f"Deployer{_title(prefix)}", actions, found))
    unscoped = tuple(granted()["cloudformation"].unscoped)
    own.append(_allow(f"Deployer{UNSCOPED}", unscoped, ("*",)))
    return Document(statements=(*document.statements, *own), version=document.version, where=document.where)


def _who_am_i(prefixes: tuple[str, ...]) -> Iterator[Statement]:
    """The identity itself may ask it (`sandgate up`), and AWS lets everybody ask the first of them."""
    asked = tuple(sorted(action for action in IDENTITY_READS if action.partition(":")[0] not in prefixes))
    if asked:
        yield _allow("WhoAmI", asked, ("*",))


def _service(entry: Granted, sandbox: Sandbox) -> Iterator[Statement]:
    title = _title(entry.prefix)
    if entry.inside:
        yield _allow(f"{title}Inside", entry.inside_actions, _by_name(entry, sandbox))
    exact = tuple(dict.fromkeys(arn for named in entry.inside for arn in _exact(named, sandbox)))
    if exact:
        yield _allow(f"{title}Adopted", entry.inside_actions, exact)
    ids = tuple(fill(item.arn, sandbox, id="*", any="*") for item in entry.by_id)
    if ids:
        yield _allow(f"{title}{BY_ID}", entry.by_id_actions, ids)
    for extra in entry.extras:
        yield _extra(title, extra, sandbox)
    if entry.unscoped:
        yield _allow(f"{title}{UNSCOPED}", tuple(sorted(entry.unscoped)), ("*",))


def _by_name(entry: Granted, sandbox: Sandbox) -> tuple[str, ...]:
    found = (
        fill(named.arn, sandbox, **{kind: name})
        for named in entry.inside
        for kind in (_kind(named.arn),)
        for name in name_patterns(kind, sandbox)
    )
    return tuple(dict.fromkeys(found))


def _kind(template: str) -> str:
    return next(kind for kind in ("name", "dash", "path") if f"{{{kind}}}" in template)


def name_patterns(kind: str, sandbox: Sandbox) -> tuple[str, ...]:
    """Patterns of names inside: `test-*` and `test_*` where the service allows both.

    Args:
        kind: `name`, `dash` where `_` is illegal, `path` for `test/*`.
        sandbox: prefixes and namespace.
    """
    separators = {"name": "-_", "dash": "-", "path": "/"}[kind]
    # A worker's namespace begins with the run's, so a run's pattern holds those of its workers.
    return tuple(f"{prefix}{mark}{sandbox.namespace or ''}*" for prefix in sandbox.prefixes for mark in separators)


def _exact(named: Named, sandbox: Sandbox) -> Iterator[str]:
    """ARNs of the adopted names in one type."""
    kind = _kind(named.arn)
    if kind == "path":
        return
    before = named.arn.partition("{" + kind + "}")[0]
    for name in sandbox.adopt:
        if name.startswith("arn:"):
            continue
        arn = fill(named.arn, sandbox, **{kind: name.lstrip("/") if before.endswith("/") else name})
        yield arn
        for then in named.then:
            yield f"{arn}{then}"


def _adopted(sandbox: Sandbox) -> Iterator[Statement]:
    """The adopted ARNs: one statement for each IAM prefix that has such resources."""
    found: dict[str, list[str]] = {}
    for arn in sandbox.adopt:
        if arn.startswith("arn:"):
            for prefix in _prefixes_with(arn.split(":")[2]):
                found.setdefault(prefix, []).extend((arn, f"{arn}/*", f"{arn}:*"))
    for prefix, arns in found.items():
        actions = granted()[prefix].inside_actions if prefix in granted() else (f"{prefix}:*",)
        yield _allow(f"{ADOPTED}{_title(prefix)}", actions, tuple(arns))


def _prefixes_with(service: str) -> tuple[str, ...]:
    """IAM prefixes whose actions work on ARNs of a service; roles are IAM's and STS's."""
    found = []
    for prefix, entry in granted().items():
        templates = [*(named.arn for named in entry.inside), *(item.arn for item in entry.by_id)]
        if any(template.split(":")[2] == service for template in templates):
            found.append(prefix)
    return tuple(found) or (service,)


def _extra(title: str, extra: Extra, sandbox: Sandbox) -> Statement:
    return Statement(
        effect="Allow",
        sid=f"{title}{extra.sid}",
        actions=extra.actions,
        resources=tuple(_spread(extra.resources, sandbox)),
        conditions=tuple(
            Condition(operator=operator, key=key, values=tuple(_spread(values, sandbox)))
            for operator, keys in extra.conditions.items()
            for key, values in keys.items()
        ),
    )


def _spread(templates: tuple[str, ...], sandbox: Sandbox) -> Iterator[str]:
    for text in templates:
        if text == "managed":
            yield from (f"arn:{sandbox.partition}:iam::aws:policy/{name}" for name in _managed())
        elif "{name}" in text:
            yield from (fill(text, sandbox, name=name) for name in name_patterns("name", sandbox))
        else:
            yield fill(text, sandbox)


@cache
def _managed() -> tuple[str, ...]:
    """Policies of AWS that roles inside may have."""
    file = resources.files("sandgate.guard").joinpath("templates", "data", "managed_policies.json")
    found: Mapping[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return tuple(found["policies"])


def fill(template: str, sandbox: Sandbox, **values: str) -> str:
    """An ARN template with its place and `values` filled in."""
    return template.format(p=sandbox.partition, r=sandbox.region, a=sandbox.account, **values)


def _allow(sid: str, actions: tuple[str, ...], arns: tuple[str, ...]) -> Statement:
    return Statement(effect="Allow", sid=sid, actions=actions, resources=arns)


def _title(prefix: str) -> str:
    return "".join(part.capitalize() for part in prefix.split("-"))
