"""Identity providers of a user pool that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}

RESOURCE = ResourceType(
    name="cognito-idp-identity-provider",
    type="AWS::Cognito::UserPoolIdentityProvider",
    service="cognito-idp",
    creates=(Create(operation="CreateIdentityProvider", names={**_POOL, "ProviderName": "ProviderName"}),),
    removal=Removal(
        operation="DeleteIdentityProvider",
        parameters={**_POOL, "ProviderName": "ProviderName"},
        absent=("ResourceNotFoundException",),
    ),
    listing=Listing(
        operation="ListIdentityProviders",
        entries="Providers",
        key={**_POOL, "ProviderName": "ProviderName"},
        within=_POOL,
        name="ProviderName",
        parameters={"MaxResults": 60},
        created="CreationDate",
    ),
    within="cognito-idp-user-pool",
    container=_POOL,
)
