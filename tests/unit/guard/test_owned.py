"""What a run owns by having made it: ids that AWS chose."""

from __future__ import annotations

import json

import pytest

from sandgate.core.call import Call, Principal
from sandgate.guard.owned import Owned, id_in_arn

HERE = "eu-west-1:000000000000"


def call(service: str, operation: str, **parameters: object) -> Call:
    return Call(
        id="1", service=service, operation=operation, parameters=parameters, region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        (f"arn:aws:cognito-idp:{HERE}:userpool/eu-west-1_a", "eu-west-1_a"),
        ("arn:aws:apigateway:eu-west-1::/restapis/abc", "abc"),
        (f"arn:aws:cloudformation:{HERE}:changeSet/one/12-34", "12-34"),
        ("arn:aws:apigateway:eu-west-1::/restapis/abc/resources/x", "abc"),
        (f"arn:aws:kms:{HERE}:key/1234-56", "1234-56"),
        (f"arn:aws:lambda:{HERE}:event-source-mapping:1234-56", "1234-56"),
        (f"arn:aws:cognito-identity:{HERE}:identitypool/eu-west-1:1234", "eu-west-1:1234"),
        (f"arn:aws:sqs:{HERE}:queue", ""),
        ("arn:aws:s3", ""),
        ("abc", ""),
    ],
)
def test_the_id_is_what_follows_the_type(arn: str, found: str) -> None:
    assert id_in_arn(arn) == found


ANSWERS = {
    "change set": (
        "cloudformation",
        "CreateChangeSet",
        f"<r><Id>arn:aws:cloudformation:{HERE}:changeSet/one/12-34</Id></r>",
        "changeSet/one/12-34",
    ),
    "pool": ("cognito-idp", "CreateUserPool", json.dumps({"UserPool": {"Id": "eu-west-1_a"}}), "userpool/eu-west-1_a"),
    "key": ("kms", "CreateKey", json.dumps({"KeyMetadata": {"KeyId": "12-34"}}), "key/12-34"),
    "api": ("apigatewayv2", "CreateApi", json.dumps({"apiId": "abc"}), "/apis/abc"),
    "group": ("ec2", "CreateSecurityGroup", "<r><groupId>sg-0123456789</groupId></r>", "security-group/sg-0123456789"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_create_answers_is_the_runs_own(name: str) -> None:
    service, operation, answer, resource = ANSWERS[name]
    owned = Owned()
    assert owned.reads(call(service, operation))
    arn = f"arn:aws:{service}:{HERE}:{resource}"
    assert not owned.owns(arn)
    owned.learn(call(service, operation), answer.encode())
    assert owned.owns(arn)


def test_reading_makes_nothing_ones_own() -> None:
    owned = Owned()
    for operation in ("DescribeUserPool", "ListUserPools", "GetUserPoolMfaConfig"):
        assert not owned.reads(call("cognito-idp", operation))
        owned.learn(call("cognito-idp", operation), json.dumps({"UserPool": {"Id": "eu-west-1_a"}}).encode())
    assert not owned.owns(f"arn:aws:cognito-idp:{HERE}:userpool/eu-west-1_a")


def test_only_the_new_resource_of_an_answer_is_ones_own() -> None:
    owned = Owned()
    answer = b"<i><instanceId>i-0123456789</instanceId><vpcId>vpc-0123456789</vpcId></i>"
    owned.learn(call("ec2", "RunInstances"), answer)
    assert owned.owns(f"arn:aws:ec2:{HERE}:instance/i-0123456789")
    assert not owned.owns(f"arn:aws:ec2:{HERE}:vpc/vpc-0123456789")


def test_an_own_id_further_behind_does_not_count() -> None:
    owned = Owned()
    owned.add(["abc"])
    assert owned.owns("arn:aws:apigateway:eu-west-1::/restapis/abc")
    assert not owned.owns("arn:aws:apigateway:eu-west-1::/restapis/other/resources/abc")


def test_members_of_stacks_are_known_by_their_physical_ids() -> None:
    owned = Owned()
    owned.learn(call("cloudformation", "CreateStack", StackName="test-x"), b"")
    assert owned.stacks == {("test-x", "eu-west-1")}
    owned.add(["eu-west-1_b", "arn:aws:kms:eu-west-1:000000000000:key/56-78", ""])
    assert owned.owns(f"arn:aws:cognito-idp:{HERE}:userpool/eu-west-1_b")
    assert owned.owns(f"arn:aws:kms:{HERE}:key/56-78")


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b"null", b'{"UserPool": "x"}', b'{"UserPool": {"Id": 3}}'])
def test_answers_that_name_nothing(answer: bytes) -> None:
    owned = Owned()
    owned.learn(call("cognito-idp", "CreateUserPool"), answer)
    assert not owned.owns(f"arn:aws:cognito-idp:{HERE}:userpool/x")
