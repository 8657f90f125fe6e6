"""Roles, out of their policies and instance profiles."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_ABSENT = ("NoSuchEntity",)
_ROLE = {"RoleName": "RoleName"}

RESOURCE = ResourceType(
    name="iam-role",
    type="AWS::IAM::Role",
    service="iam",
    scope="account",
    creates=(Create(operation="CreateRole", names=_ROLE, arn="Role.Arn"),),
    removal=Removal(operation="DeleteRole", parameters=_ROLE, absent=_ABSENT, full=("DeleteConflict",)),
    listing=Listing(operation="ListRoles", entries="Roles", key=_ROLE, created="CreateDate"),
    parts=(
        Part(
            listing="ListRolePolicies", given=_ROLE, entries="PolicyNames",
            removal="DeleteRolePolicy", parameters={**_ROLE, "PolicyName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListAttachedRolePolicies", given=_ROLE, entries="AttachedPolicies.PolicyArn",
            removal="DetachRolePolicy", parameters={**_ROLE, "PolicyArn": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListInstanceProfilesForRole", given=_ROLE, entries="InstanceProfiles.InstanceProfileName",
            removal="RemoveRoleFromInstanceProfile", parameters={**_ROLE, "InstanceProfileName": ".@"}, absent=_ABSENT,
        ),
    ),
    after=("cloudformation-stack", "iam-instance-profile", "lambda-function"),
    remark="A stack with a role of its own goes before the role, and so do functions, whose networks it cleans up.",
)  # fmt: skip
