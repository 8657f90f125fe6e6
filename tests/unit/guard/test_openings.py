"""Calls that let somebody in: every attack has a twin that keeps to the account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandgate.iam.document import Statement

Make = Callable[..., Any]
HERE = "eu-west-1:111122223333"
NS = "test-k3x9q2"
THEIRS = "000000000000"
OWN_ROOT, THEIR_ROOT = "arn:aws:iam::111122223333:root", f"arn:aws:iam::{THEIRS}:root"
KEY = f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555"
POOL = "eu-west-1:11111111-2222-3333-4444-555555555555"
POOL_ARN = f"arn:aws:cognito-identity:{HERE}:identitypool/{POOL}"
QUEUE_URL = f"https://sqs.eu-west-1.amazonaws.com/111122223333/{NS}-q"
TOPIC = f"arn:aws:sns:{HERE}:{NS}-t"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
LAYER = {"LayerName": f"{NS}-l", "VersionNumber": 1}
TOLD = {"TopicArn": TOPIC, "Label": "x", "ActionName": ["Publish"]}
BUSES = Statement(effect="Allow", sid="Allow1", actions=("events:PutPermission",), resources=("*",))
"""No sandbox allows it by itself: the permission has no resource."""


def policy(principal: object, **more: object) -> str:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": principal, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


HOLDERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "s3:PutBucketPolicy": lambda text: {"Bucket": f"{NS}-b", "Policy": text},
    "sqs:CreateQueue": lambda text: {"QueueName": f"{NS}-q", "Attributes": {"Policy": text}},
    "sqs:SetQueueAttributes": lambda text: {"QueueUrl": QUEUE_URL, "Attributes": {"Policy": text}},
    "sns:CreateTopic": lambda text: {"Name": f"{NS}-t", "Attributes": {"Policy": text}},
    "sns:SetTopicAttributes": lambda text: {"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": text},
    "kms:CreateKey": lambda text: {"Policy": text},
    "kms:PutKeyPolicy": lambda text: {"KeyId": KEY, "PolicyName": "default", "Policy": text},
    "secretsmanager:PutResourcePolicy": lambda text: {"SecretId": f"{NS}-s", "ResourcePolicy": text},
    "dynamodb:PutResourcePolicy": lambda text: {
        "ResourceArn": f"arn:aws:dynamodb:{HERE}:table/{NS}-x", "Policy": text,
    },
    "kinesis:PutResourcePolicy": lambda text: {"ResourceARN": f"arn:aws:kinesis:{HERE}:stream/{NS}-s", "Policy": text},
    "ecr:SetRepositoryPolicy": lambda text: {"repositoryName": f"{NS}/app", "policyText": text},
    "events:PutPermission": lambda text: {"EventBusName": f"{NS}-b", "Policy": text},
    "iam:CreateRole": lambda text: {"RoleName": f"{NS}-r", "AssumeRolePolicyDocument": text},
    "iam:UpdateAssumeRolePolicy": lambda text: {"RoleName": f"{NS}-r", "PolicyDocument": text},
}  # fmt: skip
INSIDE = {
    "a service": policy({"Service": "lambda.amazonaws.com"}),
    "the account": policy({"AWS": "111122223333"}),
    "its root": policy({"AWS": [OWN_ROOT]}),
    "a role of it": policy({"AWS": "arn:aws:iam::111122223333:role/any"}),
    "all of it": policy("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
    "a resource inside": policy({"AWS": "*"}, Condition={"ArnLike": {"aws:SourceArn": f"{TOPIC}"}}),
    "a denial": policy("*", Effect="Deny"),
}
OUTSIDE = {
    "everybody": policy("*"),
    "everybody as AWS": policy({"AWS": "*"}),
    "another account": policy({"AWS": THEIRS}),
    "its root": policy({"AWS": THEIR_ROOT}),
    "one of two": policy({"AWS": [OWN_ROOT, f"arn:aws:iam::{THEIRS}:user/x"]}),
    "every role": policy({"AWS": "arn:aws:iam::111122223333:*"}),
    "all but": json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "NotPrincipal": {"AWS": OWN_ROOT}}}),
    "an organisation": policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    "a resource outside": policy("*", Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sns:{HERE}:alerts"}}),
    "a negation": policy("*", Condition={"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
    "another account's": policy("*", Condition={"StringEquals": {"aws:SourceAccount": THEIRS}}),
    "a provider": policy({"Federated": "accounts.google.com"}),
    "any pool": policy({"Federated": "cognito-identity.amazonaws.com"}),
    "a canonical user": policy({"CanonicalUser": "abc"}),
}


@pytest.mark.parametrize("name", HOLDERS)
@pytest.mark.parametrize("case", INSIDE)
def test_a_policy_may_let_in_the_account_and_services(name: str, case: str, call: Make, guard: Make) -> None:
    found = guard(owned=(KEY,), allow=(BUSES,)).decide(call(name, **HOLDERS[name](INSIDE[case])))
    assert found.allowed, found.text()


@pytest.mark.parametrize("name", HOLDERS)
@pytest.mark.parametrize("case", OUTSIDE)
def test_a_policy_must_not_let_in_anybody_else(name: str, case: str, call: Make, guard: Make) -> None:
    found = guard(owned=(KEY,), allow=(BUSES,)).decide(call(name, **HOLDERS[name](OUTSIDE[case])))
    assert (found.allowed, found.rule) == (False, "opens-outside")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"Statement": [1]}', '{"Statement": [], "Statement": [1]}', "null"])
def test_what_is_no_policy_is_refused(text: str, call: Make, guard: Make) -> None:
    found = guard().decide(call("s3:PutBucketPolicy", Bucket=f"{NS}-b", Policy=text))
    assert (found.allowed, found.rule) == (False, "unresolvable-resource")


FUNCTION = {"FunctionName": f"{NS}-f", "StatementId": "s", "Action": "lambda:InvokeFunction"}
URL = {**FUNCTION, "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}
GRANT = {"KeyId": KEY, "Operations": ["Decrypt"]}
QUEUED = {"QueueUrl": QUEUE_URL, "Label": "x", "Actions": ["SendMessage"]}
BUCKET, OBJECT = {"Bucket": f"{NS}-b"}, {"Bucket": f"{NS}-b", "Key": "k"}
OWNER = {"Owner": {"ID": "abc"}}


@pytest.mark.parametrize(
    ("name", "members", "allowed"),
    [
        ("lambda:AddPermission", {**FUNCTION, "Principal": "s3.amazonaws.com"}, True),
        ("lambda:AddPermission", {**FUNCTION, "Principal": "111122223333"}, True),
        ("lambda:AddPermission", {**FUNCTION, "Principal": "*", "SourceAccount": "111122223333"}, True),
        ("lambda:AddPermission", {**FUNCTION, "Principal": "*", "SourceArn": TOPIC}, True),
        ("lambda:AddPermission", {**URL, "Principal": "*"}, True),
        ("lambda:AddPermission", {**FUNCTION, "Principal": "*", "InvokedViaFunctionUrl": True}, True),
        ("lambda:AddPermission", {**FUNCTION, "Principal": "*"}, False),
        ("lambda:AddPermission", {**FUNCTION, "Principal": THEIRS}, False),
        ("lambda:AddPermission", {**FUNCTION, "Principal": THEIR_ROOT}, False),
        ("lambda:AddPermission", {**FUNCTION, "Principal": "*", "PrincipalOrgID": "o-1"}, False),
        ("lambda:AddPermission", {**URL, "FunctionUrlAuthType": "AWS_IAM", "Principal": "*"}, False),
        ("lambda:AddLayerVersionPermission", {**LAYER, "Principal": "111122223333"}, True),
        ("lambda:AddLayerVersionPermission", {**LAYER, "Principal": "*"}, False),
        ("sqs:AddPermission", {**QUEUED, "AWSAccountIds": ["111122223333"]}, True),
        ("sqs:AddPermission", {**QUEUED, "AWSAccountIds": ["111122223333", THEIRS]}, False),
        ("sns:AddPermission", {**TOLD, "AWSAccountId": ["*"]}, False),
        ("events:PutPermission", {"EventBusName": f"{NS}-b", "Principal": "111122223333"}, True),
        ("events:PutPermission", {"EventBusName": f"{NS}-b", "Principal": "*"}, False),
        ("kms:CreateGrant", {**GRANT, "GranteePrincipal": "arn:aws:iam::111122223333:role/any"}, True),
        ("kms:CreateGrant", {**GRANT, "GranteePrincipal": THEIR_ROOT}, False),
        ("kms:CreateGrant", {**GRANT, "GranteePrincipal": OWN_ROOT, "RetiringPrincipal": THEIR_ROOT}, False),
        ("rds:ModifyDBSnapshotAttribute", {
            "DBSnapshotIdentifier": f"{NS}-s", "AttributeName": "restore", "ValuesToAdd": ["all"]}, False),
        ("rds:ModifyDBSnapshotAttribute", {
            "DBSnapshotIdentifier": f"{NS}-s", "AttributeName": "restore", "ValuesToAdd": ["111122223333"]}, True),
        ("s3:PutBucketAcl", {**BUCKET, "ACL": "private"}, True),
        ("s3:PutBucketAcl", {**BUCKET, "ACL": "public-read"}, False),
        ("s3:CreateBucket", {**BUCKET, "ACL": "public-read-write"}, False),
        ("s3:PutObject", {**OBJECT, "ACL": "bucket-owner-full-control"}, True),
        ("s3:PutObject", {**OBJECT, "ACL": "authenticated-read"}, False),
        ("s3:PutObject", {**OBJECT, "GrantRead": f'uri="{ALL_USERS}"'}, False),
        ("s3:PutObject", {**OBJECT, "GrantRead": 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"'}, True),
        ("s3:CopyObject", {**OBJECT, "CopySource": f"{NS}-b/k", "GrantFullControl": 'id="abc", id="def"'}, False),
        ("s3:PutObjectAcl", {**OBJECT, "AccessControlPolicy": {**OWNER, "Grants": [{"Grantee": {"ID": "abc"}}]}}, True),
        ("s3:PutObjectAcl", {
            **OBJECT, "AccessControlPolicy": {**OWNER, "Grants": [{"Grantee": {"ID": "def"}}]}}, False),
        ("s3:PutBucketAcl", {
            **BUCKET, "AccessControlPolicy": {**OWNER, "Grants": [{"Grantee": {"URI": ALL_USERS}}]}}, False),
        ("s3:PutBucketReplication", {**BUCKET, "ReplicationConfiguration": {
            "Role": f"arn:aws:iam::111122223333:role/{NS}-r",
            "Rules": [{"Destination": {"Bucket": f"arn:aws:s3:::{NS}-c", "Account": THEIRS}}]}}, False),
    ],
)  # fmt: skip
def test_permissions_grants_and_lists(
    name: str, members: dict[str, Any], *, allowed: bool, call: Make, guard: Make
) -> None:
    found = guard(owned=(KEY,), allow=(BUSES,)).decide(call(name, **members))
    assert found.allowed is allowed, found.text()
    assert found.rule == ("" if allowed else "opens-outside")


def test_an_adopted_account_may_be_let_in_with_its_roles(call: Make, guard: Make) -> None:
    judge = guard(adopt=(THEIR_ROOT,))
    for principal in (THEIRS, THEIR_ROOT, f"arn:aws:iam::{THEIRS}:role/x"):
        assert judge.decide(call("s3:PutBucketPolicy", Bucket=f"{NS}-b", Policy=policy({"AWS": principal}))).allowed
    for principal in ("*", f"arn:aws:iam::{THEIRS}:*"):
        found = judge.decide(call("s3:PutBucketPolicy", Bucket=f"{NS}-b", Policy=policy({"AWS": principal})))
        assert found.rule == "opens-outside"


def test_an_adopted_role_does_not_bring_its_account(call: Make, guard: Make) -> None:
    judge, role = guard(adopt=(f"arn:aws:iam::{THEIRS}:role/x",)), f"arn:aws:iam::{THEIRS}:role/x"
    for principal, allowed in ((role, True), (f"{role}y", False), (THEIRS, False)):
        asked = call("s3:PutBucketPolicy", Bucket=f"{NS}-b", Policy=policy({"AWS": principal}))
        assert judge.decide(asked).allowed is allowed


def test_a_pool_that_the_run_made_may_sign_in(call: Make, guard: Make) -> None:
    where = {"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": POOL}}}
    text = policy({"Federated": "cognito-identity.amazonaws.com"}, **where)
    asked = call("iam:CreateRole", RoleName=f"{NS}-r", AssumeRolePolicyDocument=text)
    assert guard(owned=(POOL_ARN,)).decide(asked).allowed
    assert guard(adopt=(POOL_ARN,)).decide(asked).allowed
    assert guard().decide(asked).rule == "opens-outside"


def test_everybody_cannot_be_adopted(call: Make, guard: Make) -> None:
    found = guard().decide(call("s3:PutBucketPolicy", Bucket=f"{NS}-b", Policy=policy("*")))
    assert found.value == "*"
    assert found.remedy == "let Policy name this account, a service, or narrow it by aws:SourceAccount"
