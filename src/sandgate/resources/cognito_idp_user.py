"""Users of a pool that the run did not create."""

from __future__ import annotations

from typing import Any

from sandgate.resources._model import Create, Key, Listing, Probe, Removal, ResourceType, Survey, Via

__all__ = ["RESOURCE"]

_POOL = {"UserPoolId": "UserPoolId"}
_TOLD = {"lower(Username)|lower(Attributes.Value)": "lower(Username)"}
"""Where people sign in by an address, that is an attribute, and AWS chooses the name."""
_THOUGH = (
    "CodeDeliveryFailureException",
    "InvalidLambdaResponseException",
    "UnexpectedLambdaException",
    "UserLambdaValidationException",
)
"""The message, or a trigger that comes after, has failed (github.com/aws/aws-sdk/issues/438)."""


def _named(key: Key, pool: Any) -> Key:
    """By what the request says, unless AWS chooses the name.

    Source: Amazon Cognito Developer Guide, "User attributes", "Login attributes".
    """
    return {"UserPoolId": key["UserPoolId"]} if pool.get("UsernameAttributes") else key


RESOURCE = ResourceType(
    name="cognito-idp-user",
    type="AWS::Cognito::UserPoolUser",
    service="cognito-idp",
    creates=(
        Create(
            operation="AdminCreateUser",
            names=_POOL,
            ids={"Username": "User.Username"},
            told=_TOLD,
            when=("MessageAction", ("", "SUPPRESS")),  # RESEND is for a user who is there
            surveyed=False,
            though=_THOUGH,
        ),
        Create(
            operation="SignUp",
            names={**_POOL, "Username": "Username"},
            ids={"Username": "UserSub"},
            told=_TOLD,
            though=_THOUGH,
            via=Via(
                path="ClientId",
                probe=Probe(
                    operation="DescribeUserPoolClient",
                    parameters={"UserPoolId": "{UserPoolId}", "ClientId": "{ClientId}"},
                    absent=("ResourceNotFoundException",),
                ),
            ),
        ),
    ),
    survey=Survey(
        operation="DescribeUserPool",
        parameters=_POOL,
        shows="UserPool",
        key=_named,
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
