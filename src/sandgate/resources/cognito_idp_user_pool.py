"""User pools, with the domains that AWS wants gone first."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_ID = {"UserPoolId": "UserPoolId"}
_ABSENT = ("ResourceNotFoundException",)

RESOURCE = ResourceType(
    name="cognito-idp-user-pool",
    type="AWS::Cognito::UserPool",
    service="cognito-idp",
    creates=(
        Create(
            operation="CreateUserPool",
            ids={"UserPoolId": "UserPool.Id"},
            told={"Name": "PoolName"},
            arn="UserPool.Arn",
        ),
    ),
    removal=Removal(
        operation="DeleteUserPool",
        parameters=_ID,
        absent=_ABSENT,
        # AWS has one code for a pool that has a domain and for one that is protected.
        full=("InvalidParameterException",),
        locked=("InvalidParameterException",),
        busy=("UserImportInProgressException",),
    ),
    listing=Listing(
        operation="ListUserPools",
        entries="UserPools",
        key={"UserPoolId": "Id"},
        parameters={"MaxResults": 60},
        name="Name",
        created="CreationDate",
    ),
    parts=(
        Part(
            listing="DescribeUserPool",
            given=_ID,
            entries="UserPool.Domain|UserPool.CustomDomain",
            removal="DeleteUserPoolDomain",
            parameters={**_ID, "Domain": ".@"},
            absent=_ABSENT,
        ),
    ),
    prepare=(("UpdateUserPool", _ID, {"DeletionProtection": "INACTIVE"}),),
)
