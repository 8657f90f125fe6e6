"""What both suites share: the things that a small shop is made of."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from sandgate import Namespace

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@pytest.fixture(scope="session")
def dynamodb() -> Any:
    return boto3.client("dynamodb")


@pytest.fixture(scope="session")
def sqs() -> Any:
    return boto3.client("sqs")


@pytest.fixture(scope="session")
def iam() -> Any:
    return boto3.client("iam")


@pytest.fixture(scope="session")
def functions() -> Any:
    return boto3.client("lambda")


@pytest.fixture(scope="session")
def table_of() -> dict[str, Any]:
    """The definition of a table whose items have an `id`."""
    return {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


@pytest.fixture(scope="session")
def package() -> bytes:
    """The code of a function, as it is uploaded."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("shop.py", "def handler(event: Any, context: Any) -> Any:\n    return event\n")
    return made.getvalue()


@pytest.fixture
def role(iam: Any, namespace: Namespace) -> Iterator[str]:
    """A role for functions, made a moment ago."""
    name = namespace.role("shop")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    yield arn
    iam.delete_role(RoleName=name)


@pytest.fixture
def key(iam: Any, namespace: Namespace) -> Iterator[dict[str, str]]:
    """A user's access key, made a moment ago."""
    name = namespace.name("clerk")
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName=name)
