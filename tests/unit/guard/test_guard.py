"""Calls judged: by name, by id, for every principal; what is remembered; what a written policy may grant."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.core.call import ALLOWED
from sandgate.guard import judge as judging
from sandgate.guard.guard import Guard
from sandgate.guard.owners import owners_of
from sandgate.guard.policy import load_policy, policy_of
from sandgate.guard.sandbox import Sandbox
from sandgate.iam import inclusion
from sandgate.iam.document import Condition, Statement
from sandgate.iam.request import AccessRequest

HERE = "eu-west-1:111122223333"
API = "arn:aws:apigateway:eu-west-1::/restapis/a1"
Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("dynamodb:PutItem", {"TableName": "test-k3x9q2-x"}),
        ("dynamodb:PutItem", {"TableName": f"arn:aws:dynamodb:{HERE}:table/test_k3x9q2_x"}),
        ("dynamodb:Query", {"TableName": "test-k3x9q2-x", "IndexName": "by-day"}),
        ("dynamodb:ListTables", {}),
        ("s3:GetObject", {"Bucket": "test-k3x9q2-b", "Key": "../prod/x"}),
        ("s3:ListBuckets", {}),
        ("sqs:CreateQueue", {"QueueName": "test-k3x9q2-q"}),
        ("sns:Publish", {"TopicArn": f"arn:aws:sns:{HERE}:test-k3x9q2-t"}),
        ("sts:GetCallerIdentity", {}),
        ("kms:CreateKey", {}),
    ],
)
def test_inside_is_allowed(name: str, members: dict[str, object], call: Make, guard: Make) -> None:
    assert guard().decide(call(name, **members)) is ALLOWED


@pytest.mark.parametrize("kind", ["identity", "surrogate", "function", "deployer"])
def test_everybody_is_kept_inside(kind: str, call: Make, guard: Make) -> None:
    found = guard().decide(call("dynamodb:PutItem", kind, TableName="orders"))
    assert (found.allowed, found.rule, found.action) == (False, "outside-sandbox", "dynamodb:PutItem")


def test_the_deployer_alone_deploys_where_services_leave_stacks_out(call: Make, guard: Make) -> None:
    judge = guard(services=("dynamodb",))
    members = {"Bucket": "test-k3x9q2-artifacts", "Key": "code.zip"}
    assert judge.decide(call("s3:PutObject", "deployer", **members)).allowed
    assert judge.decide(call("s3:PutObject", "identity", **members)).rule == "service-not-allowed"


def test_one_item_outside_refuses_the_batch(call: Make, guard: Make) -> None:
    items: dict[str, list[object]] = {"test-k3x9q2-x": [], "orders": []}
    found = guard().decide(call("dynamodb:BatchWriteItem", RequestItems=items))
    assert found.value == f"arn:aws:dynamodb:{HERE}:table/orders"


# -- random ids --------------------------------------------------------------------------------------------------------


def test_an_id_is_inside_once_the_run_made_it(call: Make) -> None:
    made: set[str] = set()
    judge = Guard(policy_of(Sandbox(account="111122223333", region="eu-west-1")), owned=made.__contains__)
    key = "11111111-2222-3333-4444-555555555555"
    encrypt = call("kms:Encrypt", KeyId=key)
    assert judge.decide(encrypt).rule == "not-created-here"
    made.add(f"arn:aws:kms:{HERE}:key/{key}")
    assert judge.decide(encrypt).allowed
    made.clear()  # a key that was deleted is nobody's, so nothing of this is remembered
    assert judge.decide(encrypt).statement == "KmsById"


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("sqs:SendMessage", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/test-k3x9q2-q"}),
        ("dynamodb:GetItem", {"TableName": f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-x"}),
        ("sns:Publish", {"TopicArn": f"arn:aws:sns:{HERE}:test-k3x9q2-t"}),
        ("lambda:Invoke", {"FunctionName": f"arn:aws:lambda:{HERE}:function:test-k3x9q2-f"}),
    ],
)
def test_the_region_that_answers_is_that_of_what_is_named(
    name: str, members: dict[str, object], call: Make, guard: Make
) -> None:
    assert guard().decide(call(name, **members)).allowed
    found = guard().decide(call(name, region="us-east-1", **members))
    assert found.rule == "unresolvable-resource"
    assert "us-east-1" in found.source


def test_a_call_may_name_what_is_elsewhere_beside_its_own(call: Make, guard: Make) -> None:
    judge = guard(adopt=("arn:aws:dynamodb:us-east-1:111122223333:table/theirs",))
    items: dict[str, list[object]] = {
        "test-k3x9q2-x": [],
        "arn:aws:dynamodb:us-east-1:111122223333:table/theirs": [],
    }
    assert judge.decide(call("dynamodb:BatchWriteItem", RequestItems=items)).allowed
    del items["test-k3x9q2-x"]
    assert judge.decide(call("dynamodb:BatchWriteItem", RequestItems=items)).rule == "unresolvable-resource"


def test_a_new_api_may_have_a_policy_and_another_ones_stays(call: Make) -> None:
    sandbox = Sandbox(account="111122223333", region="eu-west-1", namespace="k3x9q2")
    judge = Guard(policy_of(sandbox), owned=lambda _arn: False)
    body = b'{"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {}}'
    assert judge.decide(call("apigateway:CreateRestApi", name="x", policy="{}")).allowed
    assert judge.decide(call("apigateway:ImportRestApi", body=body)).allowed
    assert judge.decide(call("apigateway:PutRestApi", restApiId="a1", body=body)).rule == "not-created-here"


_TAGS = {"team": "a"}
_MAPPING = {"FunctionName": "test-k3x9q2-f", "EventSourceArn": f"arn:aws:sqs:{HERE}:test-k3x9q2-q"}


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("kms:CreateKey", {"Tags": [{"TagKey": "team", "TagValue": "a"}]}),
        ("cognito-idp:CreateUserPool", {"PoolName": "x", "UserPoolTags": _TAGS}),
        ("cognito-identity:CreateIdentityPool", {"IdentityPoolName": "x", "IdentityPoolTags": _TAGS}),
        ("apigateway:CreateRestApi", {"name": "x", "tags": _TAGS}),
        ("apigateway:CreateUsagePlan", {"name": "x", "tags": _TAGS}),
        ("apigatewayv2:CreateApi", {"Name": "x", "ProtocolType": "HTTP", "Tags": _TAGS}),
        ("lambda:CreateEventSourceMapping", {**_MAPPING, "Tags": _TAGS}),
    ],
)
def test_what_is_made_may_have_tags_from_the_start(name: str, members: dict[str, object], call: Make) -> None:
    sandbox = Sandbox(account="111122223333", region="eu-west-1", namespace="k3x9q2")
    assert Guard(policy_of(sandbox), owned=lambda _arn: False).decide(call(name, **members)).allowed


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("kms:TagResource", {"KeyId": "*", "Tags": []}),
        ("kms:TagResource", {"KeyId": f"arn:aws:kms:{HERE}:key/*", "Tags": []}),
        ("kms:TagResource", {"KeyId": "11111111-2222-3333-4444-555555555555", "Tags": []}),
        ("cognito-idp:TagResource", {"ResourceArn": f"arn:aws:cognito-idp:{HERE}:userpool/*", "Tags": _TAGS}),
        ("apigateway:TagResource", {"resourceArn": "*", "tags": _TAGS}),
        ("apigateway:TagResource", {"resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/*", "tags": _TAGS}),
        ("apigateway:TagResource", {"resourceArn": API, "tags": _TAGS}),
    ],
)
def test_tags_of_what_exists_need_its_maker(name: str, members: dict[str, object], call: Make) -> None:
    sandbox = Sandbox(account="111122223333", region="eu-west-1", namespace="k3x9q2")
    found = Guard(policy_of(sandbox), owned=lambda _arn: False).decide(call(name, **members))
    assert found.rule in {"not-created-here", "unresolvable-resource"}


@pytest.mark.parametrize(
    ("arn", "owners"),
    [
        (f"{API}/resources/b2/methods/GET", (API,)),
        (API, (API,)),
        (
            "arn:aws:apigateway:eu-west-1::/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa1%2Fstages%2Fx",
            (API,),
        ),
        ("arn:aws:apigateway:eu-west-1::/tags/a1", ("a1",)),
        (f"arn:aws:execute-api:{HERE}:a1/prod/GET/x", (API, API.replace("restapis", "apis"))),
        (f"arn:aws:cognito-idp:{HERE}:userpool/p_1", (f"arn:aws:cognito-idp:{HERE}:userpool/p_1",)),
        (f"arn:aws:lambda:{HERE}:event-source-mapping:m", (f"arn:aws:lambda:{HERE}:event-source-mapping:m",)),
        (f"arn:aws:sqs:{HERE}:test-q", ()),
    ],
)
def test_what_is_in_something_belongs_to_it(arn: str, owners: tuple[str, ...]) -> None:
    assert owners_of(arn) == owners


def test_an_adopted_arn_needs_no_maker(call: Make, guard: Make) -> None:
    key = f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555"
    assert guard(adopt=(key,)).decide(call("kms:Encrypt", KeyId=key)).allowed


def test_what_has_no_id_yet_may_only_be_made(call: Make, guard: Make) -> None:
    everything = f"arn:aws:ec2:{HERE}:security-group/*"
    asked = guard()._judge
    assert asked.allows(AccessRequest(action="ec2:CreateSecurityGroup", resource=everything))
    assert not asked.allows(AccessRequest(action="ec2:DeleteSecurityGroup", resource=everything))


# -- what is remembered ------------------------------------------------------------------------------------------------


def test_answers_that_hang_on_conditions_are_not_remembered(call: Make, guard: Make) -> None:
    own = Statement(
        effect="Allow", sid="Allow1", actions=("s3:ListBucket",), resources=("arn:aws:s3:::orders",),
        conditions=(Condition(operator="StringEquals", key="s3:prefix", values=("new/",)),),
    )  # fmt: skip
    judge = guard(allow=(own,))
    assert judge.decide(call("s3:ListObjectsV2", Bucket="orders", Prefix="new/")).allowed
    assert not judge.decide(call("s3:ListObjectsV2", Bucket="orders", Prefix="old/")).allowed


def test_memory_is_bounded(call: Make, guard: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_REMEMBERED", 4)
    judge = guard()
    for number in range(20):
        assert judge.decide(call("dynamodb:PutItem", TableName=f"test-k3x9q2-{number}")).allowed
    assert len(judge._judge._known) <= 4


def test_a_refusal_stays_one(call: Make, guard: Make) -> None:
    judge = guard()
    first, second = (judge.decide(call("dynamodb:PutItem", TableName="orders")) for _ in range(2))
    assert first == second
    assert not first.allowed


# -- policies that calls write -----------------------------------------------------------------------------------------


def written(document: object) -> dict[str, object]:
    text = document if isinstance(document, str) else json.dumps({"Version": "2012-10-17", "Statement": document})
    return {"RoleName": "test-k3x9q2-r", "PolicyName": "p", "PolicyDocument": text}


def allow(action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (allow("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-x"), ""),
        (allow("dynamodb:*", f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-*"), ""),
        (allow("dynamodb:ListTables", "*"), ""),
        (allow("kms:Decrypt", f"arn:aws:kms:{HERE}:key/mine"), ""),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, ""),
        (allow("kms:Decrypt", f"arn:aws:kms:{HERE}:key/other"), "grants-outside"),
        (allow("kms:Decrypt", f"arn:aws:kms:{HERE}:key/*"), "grants-outside"),
        (allow("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/test-*"), "grants-outside"),
        (allow("dynamodb:PutItem", "*"), "grants-outside"),
        (allow("*", f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-x"), "grants-outside"),
        (allow("iam:CreateAccountAlias", "*"), "grants-outside"),
        (allow("organizations:*", "*"), "grants-outside"),
        (allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/test-k3x9q2-r"), "grants-outside"),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, "grants-outside"),
        ({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x"}, "grants-outside"),
        (
            allow("s3:*", "*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
            "grants-outside",
        ),
        ("{", "unresolvable-resource"),
        ("", "unresolvable-resource"),
        (allow("s3:" + "*e?" * 3000, "arn:aws:s3:::test-k3x9q2-*"), "unresolvable-resource"),
        (allow("s3:GetObject", f"arn:aws:s3:::test-k3x9q2-{'*e?' * 700}"), "unresolvable-resource"),
        (allow(f"dynamodb:{'*' * 300}", f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-x"), ""),
    ],
)
def test_a_policy_inside_grants_only_what_is_inside(document: object, rule: str, call: Make, guard: Make) -> None:
    judge = guard(owned=(f"arn:aws:kms:{HERE}:key/mine",))
    assert judge.decide(call("iam:PutRolePolicy", **written(document))).rule == rule


@pytest.mark.parametrize(
    ("action", "resource", "rule"),
    [
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/team-ledger", "grants-outside"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/team-*", "grants-outside"),
        ("dynamodb:GetRecords", f"arn:aws:dynamodb:{HERE}:table/team-ledger/stream/*", "grants-outside"),
        ("dynamodb:*", "*", "grants-outside"),
        ("dynamodb:*", f"arn:aws:dynamodb:{HERE}:table/test-*", ""),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/team-ledge", ""),
        ("sqs:*", "*", ""),
    ],
)
def test_nobody_is_given_what_the_policy_denies(
    action: str, resource: str, rule: str, call: Make, tmp_path: Path
) -> None:
    (tmp_path / "sandgate.toml").write_text(
        'ledger = "dynamodb://team-ledger"\nallow = [{actions = ["dynamodb:*", "sqs:*"], resources = ["*"]}]\n'
    )
    config = load(cwd=tmp_path, environ={}, overrides={})
    judge = Guard(load_policy(config, account="111122223333", namespace="k3x9q2"), frozenset().__contains__)
    document = allow(action, resource)
    assert judge.decide(call("iam:PutRolePolicy", **written(document))).rule == rule
    assert bool(judge.grants_denied({"Version": "2012-10-17", "Statement": document})) == bool(rule)


def test_a_long_policy_is_held_against_the_sandbox_in_few_steps(
    call: Make, guard: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate's loop waits for it: neither pairs nor the letters of patterns may count."""
    compared = {"included": 0, "within": 0, "letter by letter": 0}

    def counted(name: str, real: Make) -> Make:
        def count(*given: object) -> object:
            compared[name] += 1
            return real(*given)

        return count

    judge = guard()
    monkeypatch.setattr("sandgate.guard.grants.included", counted("included", inclusion.included))
    monkeypatch.setattr(inclusion.ArnPattern, "within", counted("within", inclusion.ArnPattern.within))
    monkeypatch.setattr(inclusion, "_letters", counted("letter by letter", inclusion._letters))
    actions = [f"s3:{'*e?' * 60}{number}" for number in range(20)]
    buckets = [f"arn:aws:s3:::test-k3x9q2-{number}*" for number in range(20)]
    outer = sum(len(statement.actions) for statement in judge.policy.document.statements)
    names = sum(len(statement.resources) for statement in judge.policy.document.statements)
    judge.decide(call("iam:PutRolePolicy", **written(allow(actions, buckets))))
    assert 0 < compared["included"] <= len(actions) * outer
    assert 0 < compared["within"] <= len(buckets) * names
    assert compared["letter by letter"] <= len(actions) * 20


def test_a_policy_longer_than_iam_takes_is_not_read(call: Make, guard: Make) -> None:
    many = [f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-{number}" for number in range(300)]
    found = guard().decide(call("iam:PutRolePolicy", **written(allow("dynamodb:GetItem", many))))
    assert found.rule == "unresolvable-resource"
    assert guard().decide(call("iam:PutRolePolicy", **written(allow("dynamodb:GetItem", many[:100])))).allowed


def test_names_inside_for_whoever_asks_with_an_arn(guard: Make) -> None:
    judge = guard()
    assert judge.inside(f"arn:aws:sqs:{HERE}:test-k3x9q2-q")
    assert judge.inside(f"arn:aws:dynamodb:{HERE}:table/test-k3x9q2-x/index/*")
    assert not judge.inside(f"arn:aws:sqs:{HERE}:test-k3x9q2-{'q' * 2048}")
    for arn in (f"arn:aws:sqs:{HERE}:q", f"arn:aws:kms:{HERE}:key/x", "*", "no arn", f"arn:aws:sqs:{HERE}:test-*"):
        assert not judge.inside(arn), arn


def test_what_a_document_grants_outside_is_said(guard: Make) -> None:
    found = guard().grants_outside({"Version": "2012-10-17", "Statement": allow("s3:GetObject", "arn:aws:s3:::x/*")})
    assert found == ("s3:GetObject on arn:aws:s3:::x/*",)


def test_an_adopted_name_of_a_stack_is_that_stack(call: Make, guard: Make) -> None:
    adopting = guard(adopt=("shared",))
    assert adopting.decide(call("cloudformation:DescribeStacks", StackName="shared")).allowed
    assert adopting.decide(call("cloudformation:DeleteStack", StackName="shared-more")).rule == "outside-sandbox"
