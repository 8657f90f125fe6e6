"""Clients of a user pool that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}

RESOURCE = ResourceType(
    name="cognito-idp-user-pool-client",
    type="AWS::Cognito::UserPoolClient",
    service="cognito-idp",
    creates=(
        Create(
            operation="CreateUserPoolClient",
            names=_POOL,
            ids={"ClientId": "UserPoolClient.ClientId"},
            told={"ClientName": "ClientName"},
        ),
    ),
    removal=Removal(
        operation="DeleteUserPoolClient",
        parameters={**_POOL, "ClientId": "ClientId"},
        absent=("ResourceNotFoundException",),
    ),
    listing=Listing(
        operation="ListUserPoolClients",
        entries="UserPoolClients",
        key={**_POOL, "ClientId": "ClientId"},
        within=_POOL,
        name="ClientName",
        parameters={"MaxResults": 60},
    ),
    within="cognito-idp-user-pool",
    container=_POOL,
)
