"""Identity pools."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_ID = {"IdentityPoolId": "IdentityPoolId"}

RESOURCE = ResourceType(
    name="cognito-identity-pool",
    type="AWS::Cognito::IdentityPool",
    service="cognito-identity",
    creates=(Create(operation="CreateIdentityPool", ids=_ID, told={"IdentityPoolName": "IdentityPoolName"}),),
    removal=Removal(operation="DeleteIdentityPool", parameters=_ID, absent=("ResourceNotFoundException",)),
    listing=Listing(
        operation="ListIdentityPools",
        entries="IdentityPools",
        key=_ID,
        parameters={"MaxResults": 60},
        name="IdentityPoolName",
    ),
)
