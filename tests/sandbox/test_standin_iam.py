"""Keys, sessions, boundaries and trust, as the stand-in enforces them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sandbox.standin.account import ACCOUNT, SOON, StandIn
from tests.sandbox.standin.keys import Key

ROLE = f"arn:aws:iam::{ACCOUNT}:role/si-role"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/si-boundary"
OTHER_POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements]}


TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Condition": {"StringEquals": {"sts:ExternalId": "told"}},
        }
    ],
}
RIGHTS = _document(
    {
        "Action": ["iam:CreateRole", "iam:PutRolePolicy"],
        "Condition": {"ArnEquals": {"iam:PermissionsBoundary": BOUNDARY}},
    },
    {"Action": "iam:AttachRolePolicy", "Condition": {"ArnEquals": {"iam:PolicyARN": BOUNDARY}}},
    {"Action": "iam:GetRole", "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}}},
)
TEMPLATE = {
    "Resources": {
        "Boundary": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": "si-boundary", "PolicyDocument": _document({"Action": "iam:*"})},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "si-role",
                "PermissionsBoundary": {"Ref": "Boundary"},
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "rights", "PolicyDocument": RIGHTS}],
            },
        },
    }
}


@pytest.fixture
def role(standin: StandIn) -> Iterator[str]:
    """A role that a stack made, with a boundary."""
    stacks = standin.admin_client("cloudformation")
    stacks.create_stack(StackName="si", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName="si", WaiterConfig=SOON)
    yield ROLE
    stacks.delete_stack(StackName="si")
    stacks.get_waiter("stack_delete_complete").wait(StackName="si", WaiterConfig=SOON)


def _session(standin: StandIn, **more: str) -> Key:
    given = standin.admin_client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me", ExternalId="told", **more)
    return standin.front.keys[given["Credentials"]["AccessKeyId"]]


def _code(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_boundaries_and_what_asks_for_them(standin: StandIn, role: str) -> None:
    own = standin.admin_client("iam").get_role(RoleName="si-role")["Role"]
    assert own["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    iam = standin.client("iam", _session(standin))
    new = {"RoleName": "si-new", "AssumeRolePolicyDocument": json.dumps(TRUST)}
    assert _code(iam.create_role, **new) == "AccessDenied"
    assert _code(iam.create_role, **new, PermissionsBoundary=OTHER_POLICY) == "AccessDenied"
    iam.create_role(**new, PermissionsBoundary=BOUNDARY)
    rights = {"PolicyName": "p", "PolicyDocument": json.dumps(RIGHTS)}
    iam.put_role_policy(RoleName="si-new", **rights)
    assert _code(iam.attach_role_policy, RoleName="si-new", PolicyArn=OTHER_POLICY) == "AccessDenied"
    iam.attach_role_policy(RoleName="si-new", PolicyArn=BOUNDARY)
    admin = standin.admin_client("iam")
    admin.delete_role_permissions_boundary(RoleName="si-new")
    assert _code(iam.put_role_policy, RoleName="si-new", **rights) == "AccessDenied"
    admin.detach_role_policy(RoleName="si-new", PolicyArn=BOUNDARY)
    admin.delete_role_policy(RoleName="si-new", PolicyName="p")
    admin.delete_role(RoleName="si-new")


def test_stacks_do_what_who_asks_may_do(standin: StandIn) -> None:
    admin, iam = standin.admin_client("cloudformation"), standin.admin_client("iam")
    iam.create_user(UserName="si-stacker")
    made = iam.create_access_key(UserName="si-stacker")["AccessKey"]["AccessKeyId"]
    rights = _document(
        {"Action": "cloudformation:*"},
        {"Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:si-*"},
        {"Action": "iam:CreateRole", "Condition": {"ArnEquals": {"iam:PermissionsBoundary": BOUNDARY}}},
    )
    iam.put_user_policy(UserName="si-stacker", PolicyName="p", PolicyDocument=json.dumps(rights))
    stacks = standin.client("cloudformation", standin.front.keys[made])
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
    for name, member, expected in (
        ("si-queue", {"Type": "AWS::SQS::Queue"}, "CREATE_COMPLETE"),
        ("other-queue", {"Type": "AWS::SQS::Queue"}, "ROLLBACK_COMPLETE"),
        ("si-unbounded", role, "ROLLBACK_COMPLETE"),
    ):
        stacks.create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": {"It": member}}), Capabilities=["CAPABILITY_IAM"]
        )
        found = ""
        while not found.endswith("COMPLETE"):
            found = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        assert found == expected
        admin.delete_stack(StackName=name)
        admin.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=SOON)
    assert [each["RoleName"] for each in iam.list_roles()["Roles"] if "si-unbounded" in each["RoleName"]] == []
    iam.delete_access_key(UserName="si-stacker", AccessKeyId=made)
    iam.delete_user_policy(UserName="si-stacker", PolicyName="p")
    iam.delete_user(UserName="si-stacker")


def test_a_session_is_known_by_its_role(standin: StandIn, role: str) -> None:
    assert standin.client("iam", _session(standin)).get_role(RoleName="si-role")["Role"]["Arn"] == role


def test_external_id(standin: StandIn, role: str) -> None:
    sts = standin.admin_client("sts")
    assert _code(sts.assume_role, RoleArn=role, RoleSessionName="me") == "AccessDenied"
    assert _code(sts.assume_role, RoleArn=role, RoleSessionName="me", ExternalId="guessed") == "AccessDenied"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": ""}, "InvalidClientTokenId"),
        ({"token": "another"}, "InvalidClientTokenId"),
        ({"secret": "another"}, "SignatureDoesNotMatch"),
    ],
    ids=["no token", "another token", "another secret"],
)
def test_a_session_is_all_three(standin: StandIn, role: str, change: dict[str, str], code: str) -> None:
    key = _session(standin)
    given = {"secret": key.secret, "token": key.token, **change}
    wrong = Key(access_key_id=key.access_key_id, secret=given["secret"], token=given["token"])
    assert _code(standin.client("sts", wrong).get_caller_identity) == code
    assert standin.client("sts", key).get_caller_identity()["Arn"].endswith("assumed-role/si-role/me")


def test_sessions_end(standin: StandIn, role: str) -> None:
    key = _session(standin)
    sts, tables = standin.client("sts", key), standin.client("dynamodb", key)
    standin.front.clock = timedelta(minutes=61)
    assert _code(tables.list_tables) == "InvalidSignatureException"  # its clock is off first of all
    standin.front.clock = timedelta()
    key.expires = datetime.now(UTC)
    assert _code(sts.get_caller_identity) == "ExpiredToken"
    assert _code(tables.list_tables) == "ExpiredTokenException"


def test_sessions_may_be_short(standin: StandIn, role: str) -> None:
    standin.front.lifetime = timedelta(minutes=10)
    given = standin.admin_client("sts").assume_role(RoleArn=ROLE, RoleSessionName="me", ExternalId="told")[
        "Credentials"
    ]
    assert timedelta(minutes=5) < given["Expiration"] - datetime.now(UTC) <= timedelta(minutes=10)
    assert standin.front.keys[given["AccessKeyId"]].expires == given["Expiration"]


def test_keys_come_rest_and_go(standin: StandIn) -> None:
    iam = standin.admin_client("iam")
    iam.create_user(UserName="si-user")
    made = iam.create_access_key(UserName="si-user")["AccessKey"]
    key = Key(access_key_id=made["AccessKeyId"], secret=made["SecretAccessKey"])
    sts = standin.client("sts", key)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/si-user"
    assert _code(standin.client("iam", key).list_users) == "AccessDenied"
    used = iam.get_access_key_last_used(AccessKeyId=key.access_key_id)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("iam", "us-east-1")
    assert timedelta(0) <= datetime.now(UTC) - used["LastUsedDate"] < timedelta(minutes=5)
    which = {"UserName": "si-user", "AccessKeyId": key.access_key_id}
    iam.update_access_key(**which, Status="Inactive")
    assert _code(sts.get_caller_identity) == "InvalidClientTokenId"
    assert _code(standin.client("dynamodb", key).list_tables) == "UnrecognizedClientException"
    iam.update_access_key(**which, Status="Active")
    sts.get_caller_identity()
    iam.delete_access_key(**which)
    assert _code(sts.get_caller_identity) == "InvalidClientTokenId"
    iam.delete_user(UserName="si-user")


def test_the_other_account_is_another(standin: StandIn) -> None:
    other = standin.profile_client("dynamodb", standin.other_profile)
    other.create_table(
        TableName="si-theirs",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
    )
    assert "si-theirs" not in standin.root_client("dynamodb").list_tables()["TableNames"]
    other.delete_table(TableName="si-theirs")


def test_an_account_may_start_anew(standin: StandIn) -> None:
    before = standin.profiles["admin"]
    standin.admin_client("iam").create_user(UserName="si-user")
    standin.restart()
    assert [user["UserName"] for user in standin.root_client("iam").list_users()["Users"]] == ["admin"]
    assert _code(standin.client("sts", before).get_caller_identity) == "InvalidClientTokenId"
