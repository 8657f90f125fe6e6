"""Managed policies, with all versions, detached from whatever they are attached to."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_ABSENT = ("NoSuchEntity",)
_POLICY = {"PolicyArn": "PolicyArn"}

RESOURCE = ResourceType(
    name="iam-policy",
    type="AWS::IAM::ManagedPolicy",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="CreatePolicy", ids={"PolicyArn": "Policy.Arn"}, told={"PolicyName": "PolicyName"},
            arn="Policy.Arn",
        ),
    ),
    removal=Removal(operation="DeletePolicy", parameters=_POLICY, absent=_ABSENT, full=("DeleteConflict",)),
    listing=Listing(
        operation="ListPolicies", entries="Policies", key={"PolicyArn": "Arn"}, parameters={"Scope": "Local"},
        name="PolicyName", created="CreateDate",
    ),
    parts=(
        Part(
            listing="ListEntitiesForPolicy", given=_POLICY, entries="PolicyRoles.RoleName",
            removal="DetachRolePolicy", parameters={**_POLICY, "RoleName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListEntitiesForPolicy", given=_POLICY, entries="PolicyUsers.UserName",
            removal="DetachUserPolicy", parameters={**_POLICY, "UserName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListEntitiesForPolicy", given=_POLICY, entries="PolicyGroups.GroupName",
            removal="DetachGroupPolicy", parameters={**_POLICY, "GroupName": ".@"}, absent=_ABSENT,
        ),
        # The default version goes with the policy, and cannot go before it.
        Part(
            listing="ListPolicyVersions", given=_POLICY, entries="Versions.VersionId", removal="DeletePolicyVersion",
            parameters={**_POLICY, "VersionId": ".@"}, absent=(*_ABSENT, "DeleteConflict"),
        ),
    ),
    after=("iam-group", "iam-role", "iam-user"),
)  # fmt: skip
