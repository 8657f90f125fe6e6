"""Groups of a user pool that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}

RESOURCE = ResourceType(
    name="cognito-idp-group",
    type="AWS::Cognito::UserPoolGroup",
    service="cognito-idp",
    creates=(Create(operation="CreateGroup", names={**_POOL, "GroupName": "GroupName"}),),
    removal=Removal(
        operation="DeleteGroup", parameters={**_POOL, "GroupName": "GroupName"}, absent=("ResourceNotFoundException",)
    ),
    listing=Listing(
        operation="ListGroups",
        entries="Groups",
        key={**_POOL, "GroupName": "GroupName"},
        within=_POOL,
        name="GroupName",
        created="CreationDate",
    ),
    within="cognito-idp-user-pool",
    container=_POOL,
)
