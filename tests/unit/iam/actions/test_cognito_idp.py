"""Cognito user pools: pools by id, the roles that they take, and calls of users, which need nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
POOL = "eu-west-1_Abc123"
ADMIN = "arn:aws:iam::000000000000:role/admin"


@pytest.mark.parametrize("operation", ["DescribeUserPool", "AdminCreateUser", "DeleteUserPool", "CreateUserPoolClient"])
def test_a_pool_by_its_id(needs: Needs, operation: str) -> None:
    assert needs(f"cognito-idp.{operation}", UserPoolId=POOL) == [
        f"cognito-idp:{operation} arn:aws:cognito-idp:::userpool/{POOL}"
    ]


def test_the_region_of_the_id_counts(needs: Needs) -> None:
    assert needs("cognito-idp.DescribeUserPool", UserPoolId="us-east-1_Abc") == [
        "cognito-idp:DescribeUserPool arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Abc"
    ]


@pytest.mark.parametrize(
    "pool", ["", "*", "eu-west-1_*", "Abc123", "eu-west-1_", "eu-west-1_A/b", "eu-west-1_a:b", f"{POOL}\n", None]
)
@pytest.mark.parametrize("operation", ["DescribeUserPool", "AdminGetUser", "CreateGroup", "CreateUserPoolReplica"])
def test_what_is_no_pool_is_refused(needs: Needs, operation: str, pool: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"cognito-idp.{operation}", UserPoolId=pool)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateGroup", {"GroupName": "g", "RoleArn": ADMIN}),
        ("UpdateGroup", {"GroupName": "g", "RoleArn": ADMIN}),
        ("CreateUserImportJob", {"CloudWatchLogsRoleArn": ADMIN}),
        ("CreateUserPoolClient", {"AnalyticsConfiguration": {"RoleArn": ADMIN}}),
        ("UpdateUserPool", {"SmsConfiguration": {"SnsCallerArn": ADMIN}}),
        ("SetUserPoolMfaConfig", {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": ADMIN}}}),
    ],
)
def test_a_role_is_passed(asked: Asked, operation: str, parameters: dict[str, object]) -> None:
    _, passed = asked(f"cognito-idp.{operation}", UserPoolId=POOL, **parameters)
    assert (passed.action, passed.resource) == ("iam:PassRole", ADMIN)
    assert passed.context["iam:passedtoservice"] == ("cognito-idp.amazonaws.com",)


def test_a_new_pool_with_everything(asked: Asked) -> None:
    found = asked(
        "cognito-idp.CreateUserPool",
        PoolName="test_p",
        SmsConfiguration={"SnsCallerArn": ADMIN},
        LambdaConfig={"KMSKeyID": "arn:aws:kms:eu-west-1:000000000000:key/k-1"},
        UserPoolTags={"team": "a"},
    )
    assert [(request.action, request.resource) for request in found] == [
        ("cognito-idp:CreateUserPool", "*"),
        ("cognito-idp:TagResource", "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/*"),
        ("iam:PassRole", ADMIN),
        ("kms:CreateGrant", "arn:aws:kms:eu-west-1:000000000000:key/k-1"),
    ]
    assert found[0].context["aws:requesttag/team"] == ("a",)


def test_a_replica_is_in_its_own_region(needs: Needs) -> None:
    assert needs("cognito-idp.CreateUserPoolReplica", UserPoolId=POOL, RegionName="us-east-1") == [
        f"cognito-idp:CreateUserPoolReplica arn:aws:cognito-idp:::userpool/{POOL}",
        f"cognito-idp:CreateUserPoolReplica arn:aws:cognito-idp:us-east-1:111122223333:userpool/{POOL}",
    ]
    with pytest.raises(Unresolvable):
        needs("cognito-idp.CreateUserPoolReplica", UserPoolId=POOL, RegionName="*")


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTagsForResource"])
def test_tags_are_of_an_arn(needs: Needs, operation: str) -> None:
    arn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_A"
    assert needs(f"cognito-idp.{operation}", ResourceArn=arn) == [f"cognito-idp:{operation} {arn}"]
    for wrong in ("", POOL, "*", f"{arn}*", "arn:aws:sqs:eu-west-1:111122223333:q"):
        with pytest.raises(Unresolvable):
            needs(f"cognito-idp.{operation}", ResourceArn=wrong)


@pytest.mark.parametrize(
    "operation", ["SignUp", "InitiateAuth", "GetUser", "RevokeToken", "GetJwks", "GetOpenIdConfiguration", "HostedUi"]
)
def test_calls_of_users_need_nothing(needs: Needs, operation: str) -> None:
    assert needs(f"cognito-idp.{operation}", kind="anonymous", ClientId="c") == []


def test_the_same_by_an_administrator_needs_the_pool(needs: Needs) -> None:
    assert needs("cognito-idp.AdminInitiateAuth", UserPoolId=POOL, ClientId="c") == [
        f"cognito-idp:AdminInitiateAuth arn:aws:cognito-idp:::userpool/{POOL}"
    ]
