"""What a run owns by having made it: ids that AWS chose."""

from __future__ import annotations

import json

import pytest

from sandgate.core.call import Call, Principal
from sandgate.guard.owned import Owned, created
from sandgate.guard.owners import owners_of

HERE = "eu-west-1:000000000000"


def call(service: str, operation: str, **parameters: object) -> Call:
    return Call(
        id="1", service=service, operation=operation, parameters=parameters, region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )  # fmt: skip


API = "arn:aws:apigateway:eu-west-1::"
CHANGE_SET = f"arn:aws:cloudformation:{HERE}:changeSet/one/12-34"
POOL = "eu-west-1:0a1b2c3d-0000-0000-0000-000000000000"
ANSWERS = {
    "pool": (
        "cognito-idp",
        "CreateUserPool",
        json.dumps({"UserPool": {"Id": "eu-west-1_a"}}),
        f"arn:aws:cognito-idp:{HERE}:userpool/eu-west-1_a",
    ),
    "identity pool": (
        "cognito-identity",
        "CreateIdentityPool",
        json.dumps({"IdentityPoolId": POOL}),
        f"arn:aws:cognito-identity:{HERE}:identitypool/{POOL}",
    ),
    "key": ("kms", "CreateKey", json.dumps({"KeyMetadata": {"KeyId": "12-34"}}), f"arn:aws:kms:{HERE}:key/12-34"),
    "mapping": (
        "lambda",
        "CreateEventSourceMapping",
        json.dumps({"UUID": "12-34"}),
        f"arn:aws:lambda:{HERE}:event-source-mapping:12-34",
    ),
    "api": ("apigatewayv2", "CreateApi", json.dumps({"apiId": "abc"}), f"{API}/apis/abc"),
    "inside an api": ("apigateway", "CreateRestApi", json.dumps({"id": "abc"}), f"{API}/restapis/abc/resources/x"),
    "group": (
        "ec2",
        "CreateSecurityGroup",
        "<r><groupId>sg-0123456789</groupId></r>",
        f"arn:aws:ec2:{HERE}:security-group/sg-0123456789",
    ),
    "change set": ("cloudformation", "CreateChangeSet", f"<r><Id>{CHANGE_SET}</Id></r>", CHANGE_SET),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_create_answers_is_the_runs_own(name: str) -> None:
    service, operation, answer, arn = ANSWERS[name]
    owned = Owned()
    assert owned.reads(call(service, operation))
    assert not owned.owns(arn)
    owned.learn(call(service, operation), answer.encode())
    assert owned.owns(arn)


def test_reading_makes_nothing_ones_own() -> None:
    owned = Owned()
    for operation in ("DescribeUserPool", "ListUserPools", "GetUserPoolMfaConfig"):
        assert not owned.reads(call("cognito-idp", operation))
        owned.learn(call("cognito-idp", operation), json.dumps({"UserPool": {"Id": "eu-west-1_a"}}).encode())
    assert not owned.owns(f"arn:aws:cognito-idp:{HERE}:userpool/eu-west-1_a")


def test_an_id_counts_for_its_kind_and_region_alone() -> None:
    owned = Owned()
    owned.learn(call("apigateway", "CreateRestApi"), b'{"id": "abc"}')
    assert owned.owns(f"{API}/restapis/abc")
    for other in (
        f"{API}/apis/abc",
        f"{API}/restapis/other/resources/abc",
        "arn:aws:apigateway:us-east-1::/restapis/abc",
        f"arn:aws:kms:{HERE}:key/abc",
        f"arn:aws:cognito-idp:{HERE}:userpool/abc",
    ):
        assert not owned.owns(other)


def test_the_name_of_a_change_set_is_not_its_id() -> None:
    owned = Owned()
    owned.add([CHANGE_SET])
    assert owned.owns(CHANGE_SET)
    assert not owned.owns(CHANGE_SET.replace("12-34", "56-78"))


def test_stacks_and_their_members() -> None:
    owned = Owned()
    owned.learn(call("cloudformation", "CreateStack", StackName="test-x"), b"")
    assert owned.stacks == {("test-x", "eu-west-1")}
    owned.add([f"arn:aws:kms:{HERE}:key/56-78", "arn:aws:s3:::orders", ""])
    assert owned.owns(f"arn:aws:kms:{HERE}:key/56-78")
    assert not owned.owns("arn:aws:s3:::orders"), "a name is no id"


def test_every_create_of_the_table_is_granted_by_id() -> None:
    for services in created().values():
        for operations in services.values():
            for forms in operations.values():
                for form in forms.values():
                    service, _, resource = form.partition(":")
                    accounts = "" if service == "apigateway" else "000000000000"
                    arn = f"arn:aws:{service}:eu-west-1:{accounts}:{resource.format(id='a1')}"
                    assert not form or owners_of(arn) == (arn,)


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b"null", b'{"UserPool": "x"}', b'{"UserPool": {"Id": 3}}'])
def test_answers_that_name_nothing(answer: bytes) -> None:
    owned = Owned()
    owned.learn(call("cognito-idp", "CreateUserPool"), answer)
    assert not owned.owns(f"arn:aws:cognito-idp:{HERE}:userpool/x")
