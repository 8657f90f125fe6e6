"""Groups of users of caches."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-user-group",
    type="AWS::ElastiCache::UserGroup",
    service="elasticache",
    creates=(Create(operation="CreateUserGroup", names={"UserGroupId": "lower(UserGroupId)"}),),
    removal=Removal(
        operation="DeleteUserGroup",
        parameters={"UserGroupId": ".UserGroupId"},
        key={"UserGroupId": "lower(UserGroupId)"},
        absent=("UserGroupNotFound", "UserGroupNotFoundFault"),
        busy=("InvalidUserGroupState", "InvalidUserGroupStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeUserGroups",
        entries="UserGroups",
        key={"UserGroupId": "lower(UserGroupId)"},
    ),
    after=("elasticache-replication-group", "elasticache-serverless-cache"),
    physical={"UserGroupId": "lower(@)"},
    patience=300.0,
)
