"""Inline policies of users that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_BOTH = {"UserName": "UserName", "PolicyName": "PolicyName"}

RESOURCE = ResourceType(
    name="iam-user-policy",
    type="AWS::IAM::UserPolicy",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="PutUserPolicy",
            names=_BOTH,
            probe=Probe(
                operation="GetUserPolicy",
                parameters={"UserName": "{UserName}", "PolicyName": "{PolicyName}"},
                absent=("NoSuchEntity",),
            ),
        ),
    ),
    removal=Removal(operation="DeleteUserPolicy", parameters=_BOTH, absent=("NoSuchEntity",)),
    listing=Listing(
        operation="ListUserPolicies",
        entries="PolicyNames",
        key={"UserName": "UserName", "PolicyName": "@"},
        within={"UserName": "UserName"},
        name="@",
    ),
    within="iam-user",
    container={"UserName": "UserName"},
)
