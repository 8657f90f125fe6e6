"""Adopted stacks: what they own is inside as soon as they own it, and nobody asks or rebuilds without need."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.core.call import Call, Decision, Principal
from sandgate.gate import adopted as module
from sandgate.gate.adopted import Adopted
from sandgate.gate.asking import StackMember
from sandgate.gate.wall import Wall
from sandgate.guard.owned import Owned
from sandgate.guard.policy import Policy, load_policy
from sandgate.guard.templates.model import Place

ACCOUNT, REGION = "111122223333", "eu-west-1"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders-Queue-1"
MEMBERS = (
    StackMember("AWS::SQS::Queue", QUEUE),
    StackMember("AWS::DynamoDB::Table", "orders-Table-1"),
    StackMember("AWS::KMS::Key", "0123-key"),
)


class Upstream:
    """Stacks as they are at the moment; counts who asks."""

    def __init__(self) -> None:
        self.stacks: dict[str, tuple[StackMember, ...]] = {}
        self.asked: list[tuple[str, str]] = []

    async def members(self, stack: str, region: str) -> tuple[StackMember, ...] | None:
        self.asked.append((stack, region))
        return self.stacks.get(stack)

    async def template(self, stack: str, region: str) -> bytes | None:
        raise AssertionError(stack, region)

    async def parameters(self, stack: str, region: str) -> dict[str, str]:
        raise AssertionError(stack, region)

    async def stored(self, bucket: str, key: str, version: str, region: str) -> bytes | None:
        raise AssertionError(bucket, key, version, region)

    async def change_set(self, stack: str, change_set: str, region: str) -> str | None:
        raise AssertionError(stack, change_set, region)

    async def boundary(self, role: str) -> dict[str, object] | None:
        raise AssertionError(role)


class Subject:
    """A wall, with `orders` adopted or no stack at all, and what it decides."""

    def __init__(self, root: Path, stacks: str) -> None:
        (root / "pyproject.toml").write_text(f'[tool.sandgate]\nregion = "{REGION}"\n{stacks}')
        config = load(cwd=root, environ={}, overrides={})
        place = Place(account=ACCOUNT, region=REGION)
        self.upstream = Upstream()
        self.owned = Owned()
        adopted = Adopted(config, self.upstream, place, "k3x9q2")
        asyncio.run(adopted.look())
        self.wall = Wall(config, place, owned=self.owned, adopted=adopted, asking=self.upstream)
        self.upstream.asked.clear()

    def decide(self, name: str, **members: object) -> Decision:
        service, _, operation = name.partition(":")
        principal = Principal(kind="identity", name="main")
        call = Call(
            id="1", service=service, operation=operation, parameters=members, region=REGION, principal=principal
        )
        found = self.wall.decide(call)

        async def late() -> Decision:
            assert not isinstance(found, Decision)
            return await found

        return asyncio.run(late()) if inspect.isawaitable(found) else found


@pytest.fixture
def adopting(tmp_path: Path) -> Subject:
    return Subject(tmp_path, "stacks.orders.adopt = true\n")


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "by the URL of a queue": ("sqs:SendMessage", {"QueueUrl": QUEUE}),
    "by name": ("dynamodb:PutItem", {"TableName": "orders-Table-1"}),
    "by id": ("kms:Encrypt", {"KeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0123-key"}),
    "granted to a role": (
        "iam:PutRolePolicy",
        {
            "RoleName": "test-k3x9q2-r",
            "PolicyName": "p",
            "PolicyDocument": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Action": "dynamodb:GetItem",
                        "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders-Table-1",
                    },
                }
            ),
        },
    ),
    "granted to a role of a new stack": (
        "cloudformation:CreateStack",
        {
            "StackName": "test-k3x9q2-s",
            "TemplateBody": json.dumps(
                {
                    "Resources": {
                        "Role": {
                            "Type": "AWS::IAM::Role",
                            "Properties": {
                                "AssumeRolePolicyDocument": {
                                    "Version": "2012-10-17",
                                    "Statement": {
                                        "Effect": "Allow",
                                        "Principal": {"Service": "lambda.amazonaws.com"},
                                        "Action": "sts:AssumeRole",
                                    },
                                },
                                "Policies": [
                                    {
                                        "PolicyName": "p",
                                        "PolicyDocument": {
                                            "Version": "2012-10-17",
                                            "Statement": {
                                                "Effect": "Allow",
                                                "Action": "dynamodb:GetItem",
                                                "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders-Table-1",
                                            },
                                        },
                                    }
                                ],
                            },
                        }
                    }
                }
            ),
        },
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_members_of_an_adopted_stack_are_inside_once_it_has_them(adopting: Subject, name: str) -> None:
    operation, members = CALLS[name]
    before = adopting.decide(operation, **members)
    assert not before.allowed
    adopting.upstream.stacks["orders"] = MEMBERS
    assert adopting.decide(operation, **members).allowed
    asked = len(adopting.upstream.asked)
    assert adopting.decide(operation, **members).allowed
    assert len(adopting.upstream.asked) == asked, "what is known is not asked again"


def test_what_the_stack_has_not_stays_outside(adopting: Subject) -> None:
    adopting.upstream.stacks["orders"] = MEMBERS
    assert adopting.decide("dynamodb:PutItem", TableName="orders-Table-2").rule == "outside-sandbox"
    assert adopting.decide("dynamodb:PutItem", TableName="orders-Table-1").allowed


def test_what_the_stack_lost_is_outside_again(adopting: Subject) -> None:
    adopting.upstream.stacks["orders"] = MEMBERS
    assert adopting.decide("dynamodb:PutItem", TableName="orders-Table-1").allowed
    adopting.upstream.stacks["orders"] = MEMBERS[:1]
    assert not adopting.decide("dynamodb:PutItem", TableName="orders-Table-2").allowed
    assert not adopting.decide("dynamodb:PutItem", TableName="orders-Table-1").allowed


def test_a_stack_that_cannot_be_read_keeps_what_it_had(adopting: Subject) -> None:
    adopting.upstream.stacks["orders"] = MEMBERS
    assert adopting.decide("dynamodb:PutItem", TableName="orders-Table-1").allowed
    del adopting.upstream.stacks["orders"]
    assert not adopting.decide("dynamodb:PutItem", TableName="orders-Table-2").allowed
    assert adopting.decide("dynamodb:PutItem", TableName="orders-Table-1").allowed


def test_a_policy_is_made_anew_only_for_other_members(adopting: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Config] = []

    def counted(config: Config, **options: Any) -> Policy:
        made.append(config)
        return load_policy(config, **options)

    monkeypatch.setattr(module, "load_policy", counted)
    for _ in range(3):
        assert not adopting.decide("dynamodb:PutItem", TableName="theirs").allowed
    assert made == []
    adopting.upstream.stacks["orders"] = MEMBERS
    for _ in range(3):
        assert not adopting.decide("dynamodb:PutItem", TableName="theirs").allowed
    assert len(made) == 1


@pytest.mark.parametrize("name", ["by name", "granted to a role", "granted to a role of a new stack"])
def test_without_adopted_stacks_nobody_is_asked(tmp_path: Path, name: str) -> None:
    subject = Subject(tmp_path, "")
    operation, members = CALLS[name]
    assert not subject.decide(operation, **members).allowed
    assert subject.upstream.asked == []


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("organizations:ListAccounts", {}),
        ("sqs:SendMessage", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/000000000000/orders-Queue-1"}),
        ("dynamodb:PutItem", {"TableName": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders-Table-1"}),
    ],
)
def test_what_no_stack_of_the_account_can_own_asks_nobody(
    adopting: Subject, operation: str, members: dict[str, str]
) -> None:
    adopting.upstream.stacks["orders"] = MEMBERS
    assert not adopting.decide(operation, **members).allowed
    assert adopting.upstream.asked == []


def test_an_adopted_stack_may_be_looked_at_and_not_changed(adopting: Subject) -> None:
    adopting.upstream.stacks["orders"] = MEMBERS
    assert adopting.decide("cloudformation:DescribeStacks", StackName="orders").allowed
    assert not adopting.decide("cloudformation:DeleteStack", StackName="orders").allowed


def test_an_id_may_be_of_a_stack_of_this_run(tmp_path: Path) -> None:
    subject = Subject(tmp_path, "")
    operation, members = CALLS["by id"]
    subject.upstream.stacks["test-k3x9q2-s"] = MEMBERS
    assert subject.decide(operation, **members).rule == "not-created-here"
    subject.owned.stacks.add(("test-k3x9q2-s", REGION))
    assert subject.decide(operation, **members).allowed
    assert subject.upstream.asked == [("test-k3x9q2-s", REGION)]


FOREIGN = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{FOREIGN}"


@pytest.mark.parametrize(
    ("kind", "physical"),
    [
        ("AWS::ApiGateway::Stage", FOREIGN),
        ("AWS::Cognito::UserPoolUser", FOREIGN),
        ("AWS::Cognito::UserPoolUser", KEY),
        ("AWS::CloudFormation::CustomResource", FOREIGN),
        ("AWS::CloudFormation::CustomResource", KEY),
        ("Custom::Anything", KEY),
        ("Nobody::Knows::It", FOREIGN),
        ("Nobody::Knows::It", KEY),
    ],
)
def test_a_name_that_a_template_or_a_function_chose_makes_no_id_the_runs_own(
    tmp_path: Path, kind: str, physical: str
) -> None:
    subject = Subject(tmp_path, "")
    subject.owned.stacks.add(("test-k3x9q2-s", REGION))
    subject.upstream.stacks["test-k3x9q2-s"] = (StackMember(kind, physical),)
    assert subject.decide("kms:Encrypt", KeyId=FOREIGN).rule == "not-created-here"
    subject.upstream.stacks["test-k3x9q2-s"] += (StackMember("AWS::KMS::Key", FOREIGN),)
    assert subject.decide("kms:Encrypt", KeyId=FOREIGN).allowed


@pytest.mark.parametrize(
    ("kind", "physical", "operation", "members"),
    [
        ("AWS::ApiGateway::RestApi", "a1b2c3", "apigateway:GetRestApi", {"restApiId": "a1b2c3"}),
        ("AWS::ApiGatewayV2::Api", "a1b2c3", "apigatewayv2:GetApi", {"ApiId": "a1b2c3"}),
        ("AWS::Cognito::UserPool", f"{REGION}_Ab1", "cognito-idp:DescribeUserPool", {"UserPoolId": f"{REGION}_Ab1"}),
        (
            "AWS::Cognito::IdentityPool",
            f"{REGION}:{FOREIGN}",
            "cognito-identity:DescribeIdentityPool",
            {"IdentityPoolId": f"{REGION}:{FOREIGN}"},
        ),
        (
            "AWS::Lambda::CodeSigningConfig",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0a0a0a0a0a0a0a0a0",
            "lambda:GetCodeSigningConfig",
            {"CodeSigningConfigArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0a0a0a0a0a0a0a0a0"},
        ),
    ],
)
def test_members_with_ids_of_aws_are_the_runs_own(
    tmp_path: Path, kind: str, physical: str, operation: str, members: dict[str, str]
) -> None:
    subject = Subject(tmp_path, "")
    subject.owned.stacks.add(("test-k3x9q2-s", REGION))
    assert subject.decide(operation, **members).rule == "not-created-here"
    subject.upstream.stacks["test-k3x9q2-s"] = (StackMember(kind, physical),)
    assert subject.decide(operation, **members).allowed


def test_a_custom_resource_of_an_adopted_stack_adopts_nothing_by_what_it_is_called(adopting: Subject) -> None:
    adopting.upstream.stacks["orders"] = (*MEMBERS, StackMember("Custom::Lookup", KEY))
    assert not adopting.decide("kms:Encrypt", KeyId=FOREIGN).allowed
    assert adopting.decide("kms:Encrypt", KeyId="0123-key").allowed


LEDGER = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/team-ledger"


def role(resource: str) -> dict[str, object]:
    """A role for a function, with rights on a table."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": resource}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [rights]}}
    properties = {
        "RoleName": "test-k3x9q2-r",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [policy],
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


@pytest.mark.parametrize(
    ("made", "allowed"),
    [
        (role(LEDGER.replace("team-ledger", "orders")), True),
        (role(LEDGER), False),
        (role(LEDGER.replace("ledger", "*")), False),
        ({"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}, True),
        ({"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "team-ledger"}}, False),
        ({"Type": "AWS::DynamoDB::GlobalTable", "Properties": {"TableName": "team-ledger"}}, False),
    ],
    ids=["granted another", "granted", "granted with others", "another", "table", "global table"],
)
def test_no_template_reaches_the_shared_ledger_whatever_is_allowed(
    made: dict[str, object], allowed: bool, tmp_path: Path
) -> None:
    tables = "arn:aws:dynamodb:*:*:*"
    wide = f'allow = [{{actions = ["dynamodb:*"], resources = ["{tables}"]}}]\nledger = "dynamodb://team-ledger"\n'
    template = json.dumps({"Resources": {"Made": made}})
    call = {"StackName": "test-k3x9q2-s", "TemplateBody": template, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    found = Subject(tmp_path, wide).decide("cloudformation:CreateStack", **call)
    assert found.allowed is allowed, found
