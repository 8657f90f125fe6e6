"""Domains of a user pool that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}

RESOURCE = ResourceType(
    name="cognito-idp-user-pool-domain",
    type="AWS::Cognito::UserPoolDomain",
    service="cognito-idp",
    creates=(Create(operation="CreateUserPoolDomain", names={**_POOL, "Domain": "Domain"}),),
    removal=Removal(
        operation="DeleteUserPoolDomain",
        parameters={**_POOL, "Domain": "Domain"},
        absent=("ResourceNotFoundException",),
    ),
    listing=Listing(
        operation="DescribeUserPool",
        entries="UserPool.Domain|UserPool.CustomDomain",
        key={**_POOL, "Domain": "@"},
        within=_POOL,
        name="@",
    ),
    within="cognito-idp-user-pool",
    container=_POOL,
)
