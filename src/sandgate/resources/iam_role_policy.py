"""Inline policies of roles that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_BOTH = {"RoleName": "RoleName", "PolicyName": "PolicyName"}

RESOURCE = ResourceType(
    name="iam-role-policy",
    type="AWS::IAM::RolePolicy",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="PutRolePolicy",
            names=_BOTH,
            probe=Probe(
                operation="GetRolePolicy",
                parameters={"RoleName": "{RoleName}", "PolicyName": "{PolicyName}"},
                absent=("NoSuchEntity",),
            ),
        ),
    ),
    removal=Removal(operation="DeleteRolePolicy", parameters=_BOTH, absent=("NoSuchEntity",)),
    listing=Listing(
        operation="ListRolePolicies",
        entries="PolicyNames",
        key={"RoleName": "RoleName", "PolicyName": "@"},
        within={"RoleName": "RoleName"},
        name="@",
    ),
    within="iam-role",
    container={"RoleName": "RoleName"},
)
