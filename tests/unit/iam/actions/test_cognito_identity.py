"""Cognito identity pools: pools by id, and the roles that they hand out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
POOL = "eu-west-1:1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:cognito-identity:eu-west-1:111122223333:identitypool/{POOL}"
ADMIN = "arn:aws:iam::000000000000:role/admin"


def test_every_role_that_a_pool_gets_is_passed(asked: Asked) -> None:
    rule = {"Claim": "c", "MatchType": "Equals", "Value": "v", "RoleARN": f"{ADMIN}3"}
    found = asked(
        "cognito-identity.SetIdentityPoolRoles",
        IdentityPoolId=POOL,
        Roles={"authenticated": ADMIN, "unauthenticated": f"{ADMIN}2"},
        RoleMappings={"idp": {"Type": "Rules", "RulesConfiguration": {"Rules": [rule]}}},
    )
    assert [(request.action, request.resource) for request in found] == [
        ("cognito-identity:SetIdentityPoolRoles", ARN),
        ("iam:PassRole", ADMIN),
        ("iam:PassRole", f"{ADMIN}2"),
        ("iam:PassRole", f"{ADMIN}3"),
    ]
    assert found[1].context["iam:passedtoservice"] == ("cognito-identity.amazonaws.com",)


@pytest.mark.parametrize("pool", ["", "*", "eu-west-1:*", "1234", "eu-west-1:", f"{POOL}/x", None])
@pytest.mark.parametrize("operation", ["SetIdentityPoolRoles", "DescribeIdentityPool", "SetPrincipalTagAttributeMap"])
def test_what_is_no_pool_is_refused(needs: Needs, operation: str, pool: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"cognito-identity.{operation}", IdentityPoolId=pool)


def test_the_region_of_the_id_counts(asked: Asked) -> None:
    (request,) = asked("cognito-identity.DeleteIdentityPool", IdentityPoolId="us-east-1:12-ab")
    assert request.resource == "arn:aws:cognito-identity:us-east-1:111122223333:identitypool/us-east-1:12-ab"


def test_tags_of_a_new_pool(needs: Needs) -> None:
    found = needs("cognito-identity.CreateIdentityPool", IdentityPoolName="test_p", IdentityPoolTags={"a": "b"})
    assert found == [
        "cognito-identity:CreateIdentityPool *",
        "cognito-identity:TagResource arn:aws:cognito-identity:::identitypool/*",
    ]


def test_calls_of_users_need_nothing(needs: Needs) -> None:
    for operation in ("GetId", "GetCredentialsForIdentity", "GetOpenIdToken", "UnlinkIdentity"):
        assert needs(f"cognito-identity.{operation}", kind="anonymous") == []
