"""Access keys of users that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_KEY = {"UserName": "UserName", "AccessKeyId": "AccessKeyId"}

RESOURCE = ResourceType(
    name="iam-access-key",
    type="AWS::IAM::AccessKey",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="CreateAccessKey", names={"UserName": "UserName"}, ids={"AccessKeyId": "AccessKey.AccessKeyId"}
        ),
    ),
    removal=Removal(operation="DeleteAccessKey", parameters=_KEY, absent=("NoSuchEntity",)),
    listing=Listing(
        operation="ListAccessKeys", entries="AccessKeyMetadata", key=_KEY, within={"UserName": "UserName"},
        name="AccessKeyId", created="CreateDate",
    ),
    within="iam-user",
    container={"UserName": "UserName"},
)  # fmt: skip
