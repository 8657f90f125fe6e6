"""Inline policies of groups that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_BOTH = {"GroupName": "GroupName", "PolicyName": "PolicyName"}

RESOURCE = ResourceType(
    name="iam-group-policy",
    type="AWS::IAM::GroupPolicy",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="PutGroupPolicy",
            names=_BOTH,
            probe=Probe(
                operation="GetGroupPolicy",
                parameters={"GroupName": "{GroupName}", "PolicyName": "{PolicyName}"},
                absent=("NoSuchEntity",),
            ),
        ),
    ),
    removal=Removal(operation="DeleteGroupPolicy", parameters=_BOTH, absent=("NoSuchEntity",)),
    listing=Listing(
        operation="ListGroupPolicies",
        entries="PolicyNames",
        key={"GroupName": "GroupName", "PolicyName": "@"},
        within={"GroupName": "GroupName"},
        name="@",
    ),
    within="iam-group",
    container={"GroupName": "GroupName"},
)
