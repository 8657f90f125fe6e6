"""Resource servers of a user pool that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}

RESOURCE = ResourceType(
    name="cognito-idp-resource-server",
    type="AWS::Cognito::UserPoolResourceServer",
    service="cognito-idp",
    creates=(Create(operation="CreateResourceServer", names={**_POOL, "Identifier": "Identifier"}),),
    removal=Removal(
        operation="DeleteResourceServer",
        parameters={**_POOL, "Identifier": "Identifier"},
        absent=("ResourceNotFoundException",),
    ),
    listing=Listing(
        operation="ListResourceServers",
        entries="ResourceServers",
        key={**_POOL, "Identifier": "Identifier"},
        within=_POOL,
        name="Identifier",
        parameters={"MaxResults": 50},
    ),
    within="cognito-idp-user-pool",
    container=_POOL,
)
