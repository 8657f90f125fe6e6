"""Groups, out of their members and policies."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_ABSENT = ("NoSuchEntity",)
_GROUP = {"GroupName": "GroupName"}

RESOURCE = ResourceType(
    name="iam-group",
    type="AWS::IAM::Group",
    service="iam",
    scope="account",
    creates=(Create(operation="CreateGroup", names=_GROUP, arn="Group.Arn"),),
    removal=Removal(operation="DeleteGroup", parameters=_GROUP, absent=_ABSENT, full=("DeleteConflict",)),
    listing=Listing(operation="ListGroups", entries="Groups", key=_GROUP, created="CreateDate"),
    # The emulator deletes a group with what is in it, and keeps the attachments of its policies.
    empty_first=True,
    parts=(
        Part(
            listing="GetGroup", given=_GROUP, entries="Users.UserName",
            removal="RemoveUserFromGroup", parameters={**_GROUP, "UserName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListGroupPolicies", given=_GROUP, entries="PolicyNames",
            removal="DeleteGroupPolicy", parameters={**_GROUP, "PolicyName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListAttachedGroupPolicies", given=_GROUP, entries="AttachedPolicies.PolicyArn",
            removal="DetachGroupPolicy", parameters={**_GROUP, "PolicyArn": ".@"}, absent=_ABSENT,
        ),
    ),
)  # fmt: skip
