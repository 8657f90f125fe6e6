"""Which resources a call names."""

from __future__ import annotations

from typing import Any

import pytest

from sandgate.core.call import ResourceRef
from sandgate.names.binders import name_in_arn, references

CALLS: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    "table": ("dynamodb", "PutItem", {"TableName": "t"}, ["AWS::DynamoDB::Table:t"]),
    "tables of a batch": (
        "dynamodb", "BatchWriteItem", {"RequestItems": {"a": [], "b": []}},
        ["AWS::DynamoDB::Table:a", "AWS::DynamoDB::Table:b"],
    ),
    "tables of a transaction": (
        "dynamodb", "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "a"}}, {"Delete": {"TableName": "b"}}, {"Put": {"TableName": "a"}}]},
        ["AWS::DynamoDB::Table:a", "AWS::DynamoDB::Table:b"],
    ),
    "bucket": ("s3", "PutObject", {"Bucket": "b", "Key": "secret"}, ["AWS::S3::Bucket:b"]),
    "queue by URL": ("sqs", "SendMessage", {"QueueUrl": "http://127.0.0.1:1/000000000000/q"}, ["AWS::SQS::Queue:q"]),
    "secret when it is made": ("secretsmanager", "CreateSecret", {"Name": "s"}, ["AWS::SecretsManager::Secret:s"]),
    "a name that is none": ("secretsmanager", "PutResourcePolicy", {"Name": "s"}, []),
    "nothing": ("dynamodb", "ListTables", {}, []),
    "wrong type": ("dynamodb", "GetItem", {"TableName": 7}, []),
    "unknown service": ("braket", "GetJob", {"jobArn": "a"}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls_name_resources(name: str) -> None:
    service, operation, parameters, expected = CALLS[name]
    assert [f"{ref.type}:{ref.name}" for ref in references(service, operation, parameters)] == expected


def test_an_arn_is_kept_beside_the_name() -> None:
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i"
    assert references("dynamodb", "Query", {"TableName": arn}) == (
        ResourceRef(type="AWS::DynamoDB::Table", name="t", arn=arn),
    )


ARNS = {
    "arn:aws:dynamodb:r:111122223333:table/t": "t",
    "arn:aws:dynamodb:r:111122223333:table/t/stream/2026-01-31T00:00:00.000": "t",
    "arn:aws:s3:::bucket": "bucket",
    "arn:aws:s3:::bucket/a/key": "bucket",
    "arn:aws:sqs:r:111122223333:q": "q",
    "arn:aws:sns:r:111122223333:topic": "topic",
    "arn:aws:sns:r:111122223333:topic:0f8fad5b": "topic",
    "arn:aws:lambda:r:111122223333:function:f": "f",
    "arn:aws:lambda:r:111122223333:function:f:live": "f",
    "arn:aws:lambda:r:111122223333:layer:l:3": "l",
    "arn:aws:iam::111122223333:role/path/to/r": "r",
    "arn:aws:iam::aws:policy/ReadOnlyAccess": "ReadOnlyAccess",
    "arn:aws:cognito-idp:r:111122223333:userpool/eu-west-1_a": "eu-west-1_a",
    "arn:aws:secretsmanager:r:111122223333:secret:a/b-AbCdEf": "a/b-AbCdEf",
    "arn:aws:ssm:r:111122223333:parameter/a/b": "/a/b",
    "arn:aws:kms:r:111122223333:key/0f8fad5b": "0f8fad5b",
    "arn:aws:logs:r:111122223333:log-group:/aws/lambda/f:*": "/aws/lambda/f",
    "arn:aws:cloudformation:r:111122223333:stack/s/0f8fad5b": "s",
    "arn:aws:ecr:r:111122223333:repository/team/app": "team/app",
    "arn:aws:events:r:111122223333:rule/bus/rule": "rule",
    "arn:aws:events:r:111122223333:event-bus/bus": "bus",
    "arn:aws:states:r:111122223333:stateMachine:m": "m",
    "arn:aws:kinesis:r:111122223333:stream/k/consumer/c:1": "k",
    "arn:short": "arn:short",
}


@pytest.mark.parametrize("arn", ARNS)
def test_names_in_arns(arn: str) -> None:
    assert name_in_arn(arn) == ARNS[arn]
