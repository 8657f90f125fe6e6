"""What the account's identity may do, against what the configuration would make it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sandgate.cli.checks._admin import admin
from sandgate.cli.checks._model import Check, Facts, Finding, State

if TYPE_CHECKING:
    from sandgate.iam.document import Document
    from sandgate.identity.documents import Documents

__all__ = ["CHECK", "differences"]


def _look(facts: Facts) -> Iterator[Finding]:
    from sandgate.identity._aws import aws_errors  # noqa: PLC0415 - brings botocore
    from sandgate.identity.documents import documents  # noqa: PLC0415

    found = facts.once(admin)
    wanted = documents(facts.config, account=found.account, partition=found.partition)
    with aws_errors("the identity cannot be read"):
        wrong = tuple(_of_identity(found.clients("iam"), wanted))
    for text in wrong:
        yield Finding(state=State.MEND, text=text, remedy="`sandgate up` makes them what the configuration says")
    if not wrong:
        text = f"user and roles of {wanted.names.user} are what the configuration says"
        yield Finding(state=State.OK, text=text)


def _of_identity(iam: Any, wanted: Documents) -> Iterator[str]:
    own = wanted.names
    missing = iam.exceptions.NoSuchEntityException
    try:
        user = [
            iam.get_user_policy(UserName=own.user, PolicyName=name)["PolicyDocument"] for name in _inline(iam, own.user)
        ]
        attached = iam.list_attached_user_policies(UserName=own.user)["AttachedPolicies"]
    except missing:
        yield f"the user {own.user} does not exist"
    else:
        yield from differences(f"user {own.user}", [*user, *_managed(iam, attached)], [wanted.user])
    tests = [*wanted.role.values(), wanted.role_inline]
    deployer = [*wanted.role.values(), *wanted.deployer.values(), wanted.deployer_inline]
    for name, trust, said in ((own.role, wanted.trust, tests), (own.deployer_role, wanted.deployer_trust, deployer)):
        yield from _role(iam, name, trust, said, [wanted.limit])
    if wanted.ledger is not None:
        yield from _role(iam, own.ledger_role, wanted.deployer_trust, [wanted.ledger], [])


def _role(
    iam: Any, name: str, trust: Document, wanted: Iterable[Document], limits: Iterable[Document]
) -> Iterator[str]:
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        yield f"the role {name} does not exist"
        return
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies]
    found += _managed(iam, iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"])
    yield from differences(f"role {name}", found, wanted)
    yield from differences(f"role {name}, whom it trusts", [role["AssumeRolePolicyDocument"]], [trust])
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    bounds = _managed(iam, [{"PolicyArn": boundary}] if boundary else [])
    yield from differences(f"role {name}, its boundary", bounds, limits)


def _inline(iam: Any, user: str) -> list[str]:
    names: list[str] = iam.list_user_policies(UserName=user)["PolicyNames"]
    return names


def _managed(iam: Any, attached: Iterable[Mapping[str, str]]) -> list[Mapping[str, Any]]:
    found = []
    for entry in attached:
        version = iam.get_policy(PolicyArn=entry["PolicyArn"])["Policy"]["DefaultVersionId"]
        answer = iam.get_policy_version(PolicyArn=entry["PolicyArn"], VersionId=version)
        found.append(answer["PolicyVersion"]["Document"])
    return found


def differences(what: str, found: Iterable[Any], wanted: Iterable[Document]) -> Iterator[str]:
    """Statements that one side has and the other has not, counted; the order of lists means nothing in IAM."""
    from sandgate.iam.document import to_json  # noqa: PLC0415 - `--help` must not pay for it

    there = {_canonical(statement) for document in found for statement in _statements(document)}
    said = {_canonical(statement) for document in wanted for statement in _statements(to_json(document))}
    if more := len(there - said):
        yield f"{what}: {more} statement{'s' * (more > 1)} that the configuration does not make"
    if less := len(said - there):
        yield f"{what}: lacks {less} statement{'s' * (less > 1)} of the configuration"


def _statements(document: Any) -> list[Mapping[str, Any]]:
    table = json.loads(document) if isinstance(document, str) else document
    listed = table["Statement"]
    return listed if isinstance(listed, list) else [listed]


def _canonical(value: Any) -> str:
    return json.dumps(_sorted(value), sort_keys=True)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(entry) for key, entry in value.items() if key != "Sid"}
    if isinstance(value, list):
        return sorted((_sorted(entry) for entry in value), key=str) if len(value) != 1 else _sorted(value[0])
    return value


CHECK = Check(name="policy", place=120, look=_look, only_real=True, asks="AWS for the identity's policies")
