"""Instance profiles, without the role in them."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_ABSENT = ("NoSuchEntity",)
_PROFILE = {"InstanceProfileName": "InstanceProfileName"}

RESOURCE = ResourceType(
    name="iam-instance-profile",
    type="AWS::IAM::InstanceProfile",
    service="iam",
    scope="account",
    creates=(Create(operation="CreateInstanceProfile", names=_PROFILE, arn="InstanceProfile.Arn"),),
    removal=Removal(
        operation="DeleteInstanceProfile", parameters=_PROFILE, absent=_ABSENT, full=("DeleteConflict",)
    ),
    listing=Listing(
        operation="ListInstanceProfiles", entries="InstanceProfiles", key=_PROFILE, created="CreateDate"
    ),
    parts=(
        Part(
            listing="GetInstanceProfile", given=_PROFILE, entries="InstanceProfile.Roles.RoleName",
            removal="RemoveRoleFromInstanceProfile", parameters={**_PROFILE, "RoleName": ".@"}, absent=_ABSENT,
        ),
    ),
)  # fmt: skip
