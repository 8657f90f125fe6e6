"""Users of caches."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-user",
    type="AWS::ElastiCache::User",
    service="elasticache",
    creates=(Create(operation="CreateUser", names={"UserId": "lower(UserId)"}),),
    removal=Removal(
        operation="DeleteUser",
        parameters={"UserId": ".UserId"},
        key={"UserId": "lower(UserId)"},
        absent=("UserNotFound", "UserNotFoundFault"),
        busy=(
            "InvalidUserState",
            "InvalidUserStateFault",
            "DefaultUserAssociatedToUserGroup",
            "DefaultUserAssociatedToUserGroupFault",
        ),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeUsers",
        entries="Users",
        key={"UserId": "lower(UserId)"},
    ),
    after=("elasticache-user-group",),
    physical={"UserId": "lower(@)"},
    patience=300.0,
)
