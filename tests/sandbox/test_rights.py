"""What the identity may do, as the account's own IAM judges it: nothing that it should not, and no way to more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.sandbox.project import Project
from tests.sandbox.standin.account import ACCOUNT, StandIn
from tests.sandbox.standin.keys import Key

ROLE = f"arn:aws:iam::{ACCOUNT}:role"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    }
)
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
Call = Callable[["Identity"], Any]


class Identity:
    """The identity of a project, with all services; it is there for all tests of this file."""

    def __init__(self, standin: StandIn, key: Key, name: str) -> None:
        self.standin = standin
        self.name = name
        self._keys = {"user": key}
        self._clients: dict[tuple[str, str], Any] = {}
        self._keys["role"] = self.take(f"{ROLE}/{name}", "user")
        self._keys["deployer"] = self.take(f"{ROLE}/{name}-deployer", "role")

    def take(self, role: str, whose: str) -> Key:
        """A session of a role."""
        made = self.as_("sts", whose).assume_role(RoleArn=role, RoleSessionName="rights")["Credentials"]
        return Key(
            access_key_id=made["AccessKeyId"], secret=made["SecretAccessKey"], token=made["SessionToken"]
        )  # fmt: skip

    def as_(self, service: str, whose: str) -> Any:
        """A client of somebody."""
        if (service, whose) not in self._clients:
            self._clients[service, whose] = self.standin.client(service, self._keys[whose])
        return self._clients[service, whose]

    @property
    def key(self) -> Key:
        """The user's."""
        return self._keys["user"]

    def adopt(self, whose: str, key: Key) -> None:
        """Call somebody by a name."""
        self._keys[whose] = key

    @property
    def boundary(self) -> str:
        """What tests must give to whom they make."""
        return f"{POLICY}/{self.name}-boundary"


_MADE: dict[str, tuple[Key, str]] = {}


@pytest.fixture
def identity(project: Project) -> Identity:
    """Made once; it stays until the stand-in ends."""
    if not _MADE:
        project.configure("")
        done = project.sandgate("up", "--yes")
        assert done.status == 0, done
        _MADE["it"] = (project.key, project.identity)
    key, name = _MADE["it"]
    return Identity(project.standin, key, name)


def test_nobody_gets_more(identity: Identity) -> None:
    """Every refusal in one test, since making an identity is what costs time; each is named."""
    allowed = [name for name, call in REFUSED.items() if _answer(identity, call) == ""]
    assert allowed == []
    others = {name: said for name, call in REFUSED.items() if (said := _answer(identity, call)) not in _DENIED}
    assert others == {}


def test_what_tests_need_works(identity: Identity) -> None:
    refused = {name: said for name, call in GRANTED.items() if (said := _answer(identity, call))}
    assert refused == {}


def test_a_role_that_tests_make_is_no_more_than_they_are(identity: Identity) -> None:
    iam = identity.as_("iam", "role")
    iam.create_role(RoleName="test-more", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=identity.boundary)
    iam.put_role_policy(RoleName="test-more", PolicyName="all", PolicyDocument=EVERYTHING)
    identity.adopt("made", identity.take(f"{ROLE}/test-more", "role"))
    table = identity.as_("dynamodb", "made")
    table.create_table(
        TableName="test-of-more",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    refused: dict[str, Call] = {
        "another table": lambda _: table.delete_table(TableName="orders"),
        "a user": lambda one: one.as_("iam", "made").create_user(UserName="test-x"),
        "its own boundary": lambda one: one.as_("iam", "made").delete_role_permissions_boundary(RoleName="test-more"),
        "a stack": lambda one: one.as_("cloudformation", "made").delete_stack(StackName="test-x"),
        "the identity": lambda one: one.as_("iam", "made").create_access_key(UserName=one.name),
    }
    assert {name for name, call in refused.items() if _answer(identity, call) not in _DENIED} == set()
    table.delete_table(TableName="test-of-more")
    iam.delete_role_policy(RoleName="test-more", PolicyName="all")
    iam.delete_role(RoleName="test-more")


_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


def _answer(identity: Identity, call: Call) -> str:
    """The code of the refusal; empty where there was none."""
    try:
        call(identity)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def _iam(whose: str, operation: str, **parameters: Any) -> Call:
    """A call of IAM; `{me}` is the identity's name."""

    def call(identity: Identity) -> Any:
        filled = {
            key: value.replace("{me}", identity.name).replace("{boundary}", identity.boundary)
            for key, value in parameters.items()
        }
        return getattr(identity.as_("iam", whose), operation)(**filled)

    return call


def _other(whose: str, service: str, operation: str, **parameters: Any) -> Call:
    return lambda identity: getattr(identity.as_(service, whose), operation)(**parameters)


def _assume(whose: str, role: str) -> Call:
    return lambda identity: identity.take(role.replace("{me}", identity.name), whose)


_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
REFUSED: dict[str, Call] = {
    "user: its own keys": _iam("user", "create_access_key", UserName="{me}"),
    "user: lists its own keys": _iam("user", "list_access_keys", UserName="{me}"),
    "user: gets itself": _iam("user", "get_user", UserName="{me}"),
    "user: lists users": _iam("user", "list_users"),
    "user: lists roles": _iam("user", "list_roles"),
    "user: a password": _iam("user", "create_login_profile", UserName="{me}", Password="x8#Kq2!vbn"),
    "user: its own policy": _iam("user", "put_user_policy", UserName="{me}", PolicyName="p", PolicyDocument=EVERYTHING),
    "user: administrator": _iam("user", "attach_user_policy", UserName="{me}", PolicyArn=_ADMIN),
    "user: the role's trust": _iam("user", "update_assume_role_policy", RoleName="{me}", PolicyDocument=TRUST),
    "user: another role": _assume("user", f"{ROLE}/other"),
    "user: the deployer": _assume("user", f"{ROLE}/{{me}}-deployer"),
    "user: a table inside": _other("user", "dynamodb", "describe_table", TableName="test-x"),
    "user: lists tables": _other("user", "dynamodb", "list_tables"),
    "user: lists buckets": _other("user", "s3", "list_buckets"),
    "user: its stack": _other("user", "cloudformation", "list_stacks"),
    "role: a table outside": _other("role", "dynamodb", "delete_table", TableName="orders"),
    "role: a bucket outside": _other("role", "s3", "create_bucket", Bucket="orders"),
    "role: an unbounded role": _iam("role", "create_role", RoleName="test-r", AssumeRolePolicyDocument=TRUST),
    "role: a role with another bound": _iam(
        "role", "create_role", RoleName="test-r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=_ADMIN
    ),
    "role: an unbounded user": _iam("role", "create_user", UserName="test-u"),
    "role: another role's policy": _iam(
        "role", "put_role_policy", RoleName="{me}", PolicyName="p", PolicyDocument=EVERYTHING
    ),
    "role: administrator": _iam("role", "attach_role_policy", RoleName="{me}", PolicyArn=_ADMIN),
    "role: without a bound": _iam("role", "delete_role_permissions_boundary", RoleName="{me}"),
    "role: its own trust": _iam("role", "update_assume_role_policy", RoleName="{me}", PolicyDocument=TRUST),
    "role: the user's keys": _iam("role", "create_access_key", UserName="{me}"),
    "role: the boundary": _iam(
        "role", "create_policy_version", PolicyArn=f"{POLICY}/{{me}}-boundary", PolicyDocument=EVERYTHING
    ),
    "role: its stack": _other("role", "cloudformation", "delete_stack", StackName="sandgate-tester1"),
    "role: another account's role": _assume("role", "arn:aws:iam::000000000000:role/test-x"),
    "role: organisations": _other("role", "organizations", "list_accounts"),
    "deployer: an unbounded role": _iam("deployer", "create_role", RoleName="test-r", AssumeRolePolicyDocument=TRUST),
    "deployer: a table outside": _other("deployer", "dynamodb", "delete_table", TableName="orders"),
    "deployer: the user": _iam("deployer", "delete_user", UserName="{me}"),
    "deployer: itself": _iam("deployer", "attach_role_policy", RoleName="{me}-deployer", PolicyArn=_ADMIN),
}
GRANTED: dict[str, Call] = {
    "user: who it is": _other("user", "sts", "get_caller_identity"),
    "user: whose key": lambda one: one.as_("sts", "user").get_access_key_info(AccessKeyId=one.key.access_key_id),
    "user: the account's alias": _iam("user", "list_account_aliases"),
    "user: the role": _assume("user", f"{ROLE}/{{me}}"),
    "role: who it is": _other("role", "sts", "get_caller_identity"),
    "role: the account's alias": _iam("role", "list_account_aliases"),
    "role: the deployer": _assume("role", f"{ROLE}/{{me}}-deployer"),
    "role: a bounded user": _iam("role", "create_user", UserName="test-bounded", PermissionsBoundary="{boundary}"),
    "role: and its removal": _iam("role", "delete_user", UserName="test-bounded"),
    "role: lists tables": _other("role", "dynamodb", "list_tables"),
    "deployer: stacks": _other("deployer", "cloudformation", "list_stacks"),
}
