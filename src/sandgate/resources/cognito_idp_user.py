"""Users of a pool that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}

RESOURCE = ResourceType(
    name="cognito-idp-user",
    type="AWS::Cognito::UserPoolUser",
    service="cognito-idp",
    creates=(
        Create(
            operation="AdminCreateUser",
            names=_POOL,
            ids={"Username": "User.Username"},
            told={"Username": "Username"},
            when=("MessageAction", ("", "SUPPRESS")),  # RESEND is for a user who is there
        ),
    ),
    removal=Removal(
        operation="AdminDeleteUser",
        parameters={**_POOL, "Username": "Username"},
        absent=("ResourceNotFoundException", "UserNotFoundException"),
    ),
    listing=Listing(
        operation="ListUsers",
        entries="Users",
        key={**_POOL, "Username": "Username"},
        within=_POOL,
        name="Username",
        created="UserCreateDate",
    ),
    look=Listing(
        operation="AdminGetUser",
        entries="@",
        key={"UserPoolId": "", "Username": ""},
        within={**_POOL, "Username": "Username"},
        absent=("ResourceNotFoundException", "UserNotFoundException"),
        created="UserCreateDate",
    ),
    within="cognito-idp-user-pool",
    container=_POOL,
)
