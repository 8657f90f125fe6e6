"""The CloudFormation template of an identity. Pure; the access key is never in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandgate.config.identity import OWNER_TAG
from sandgate.config.model import Config
from sandgate.iam.document import Document, to_json
from sandgate.identity.documents import Documents, documents

__all__ = ["DEPLOYER", "LEDGER", "ROLE", "USER", "identity_template", "tags_of", "template_of"]

USER, ROLE, DEPLOYER, LEDGER = "User", "TestRole", "DeployerRole", "LedgerRole"
"""Logical ids, and with `Arn` the names of the outputs."""


def identity_template(config: Config, *, account: str, partition: str = "aws", service: str = "") -> dict[str, Any]:
    """The template of a configuration's identity in an account.

    Args:
        config: its options about the identity and the sandbox.
        account: 12 digits.
        partition: of the account.
        service: botocore's name of the only service that the identity is for.

    Raises:
        ConfigError: as `documents`.
        PolicyError: as `documents`.
    """
    found = documents(config, account=account, partition=partition, service=service)
    return template_of(found, tags_of(config, found))


def tags_of(config: Config, found: Documents) -> dict[str, str]:
    """The tags of the stack and of what is in it."""
    return {**config.tags, OWNER_TAG: found.names.user}


def template_of(found: Documents, tags: Mapping[str, str]) -> dict[str, Any]:
    """The template that makes the documents and who carries them."""
    names = found.names
    role = {f"Sandbox{number}": item for number, item in enumerate(found.role.items(), start=1)}
    deployer = {f"DeployerSandbox{number}": item for number, item in enumerate(found.deployer.items(), start=1)}
    bounds = {"Boundary": (names.boundary, found.boundary), "Limit": (names.limit, found.limit)}
    described = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The identity {names.user} that integration tests run as; made by sandgate up.",
        "Resources": {
            **{key: _policy(name, document) for key, (name, document) in {**bounds, **role, **deployer}.items()},
            USER: _resource("User", UserName=names.user, Policies=[_inline(found.user)], Tags=described),
            ROLE: _role(names.role, found.trust, found.role_inline, tuple(role), described),
            DEPLOYER: {
                # Its trust names the test role, and IAM takes no principal that does not exist.
                **_role(
                    names.deployer_role, found.deployer_trust, found.deployer_inline, (*role, *deployer), described
                ),
                "DependsOn": [ROLE],
            },
            **_shared_ledger(found, described),
        },
        "Outputs": {
            **{f"{key}Arn": {"Value": {"Fn::GetAtt": [key, "Arn"]}} for key in (USER, ROLE, DEPLOYER)},
            "BoundaryArn": {"Value": {"Ref": "Boundary"}},
        },
    }


def _shared_ledger(found: Documents, tags: list[dict[str, str]]) -> dict[str, Any]:
    """Role and table of the shared ledger. The table outlives the stack: what runs still own stands in it."""
    made: dict[str, Any] = {}
    if found.ledger is not None:
        role = _resource(
            "Role",
            RoleName=found.names.ledger_role,
            AssumeRolePolicyDocument=_plain(found.deployer_trust),
            Policies=[_inline(found.ledger)],
            Tags=tags,
        )
        made[LEDGER] = {**role, "DependsOn": [ROLE]}
    if found.table:
        keys = {"run": "HASH", "line": "RANGE"}
        properties = {
            "TableName": found.table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            "DeletionProtectionEnabled": True,
            "Tags": tags,
        }
        made["Ledger"] = {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        }
    return made


def _resource(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": f"AWS::IAM::{kind}", "Properties": properties}


def _policy(name: str, document: Document) -> dict[str, Any]:
    return _resource("ManagedPolicy", ManagedPolicyName=name, PolicyDocument=_plain(document))


def _role(
    name: str, trust: Document, inline: Document, policies: tuple[str, ...], tags: list[dict[str, str]]
) -> dict[str, Any]:
    return _resource(
        "Role",
        RoleName=name,
        AssumeRolePolicyDocument=_plain(trust),
        PermissionsBoundary={"Ref": "Limit"},
        ManagedPolicyArns=[{"Ref": policy} for policy in policies],
        Policies=[_inline(inline)],
        Tags=tags,
    )


def _inline(document: Document) -> dict[str, object]:
    return {"PolicyName": "sandgate", "PolicyDocument": _plain(document)}


def _plain(document: Document) -> object:
    return json.loads(to_json(document))
