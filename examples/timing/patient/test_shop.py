"""The same tests, each mended where AWS takes its time."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError

from sandgate import Eventually, Namespace

OFTEN = {"Delay": 1, "MaxAttempts": 120}
"""A waiter's own delay for tables is twenty seconds."""


def test_an_order_is_kept(dynamodb: Any, namespace: Namespace, table_of: dict[str, Any]) -> None:
    table = namespace.table("kept-orders")
    dynamodb.create_table(TableName=table, **table_of)
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=OFTEN)
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "what": {"S": "tea"}})
    # What was written a moment ago is read for certain by a consistent read only.
    order = dynamodb.get_item(TableName=table, Key={"id": {"S": "1"}}, ConsistentRead=True)
    assert order["Item"]["what"] == {"S": "tea"}
    dynamodb.delete_table(TableName=table)
    dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=OFTEN)


def test_every_day_begins_with_an_empty_queue(sqs: Any, namespace: Namespace) -> None:
    # A queue that was deleted leaves its name taken for a minute, so each day has a name of its own.
    yesterday = sqs.create_queue(QueueName=namespace.queue("parcels-1"))["QueueUrl"]
    sqs.delete_queue(QueueUrl=yesterday)
    queue = sqs.create_queue(QueueName=namespace.queue("parcels-2"))["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.delete_queue(QueueUrl=queue)


def test_a_function_has_its_role(
    functions: Any, namespace: Namespace, role: str, package: bytes, eventually: Eventually
) -> None:
    name = namespace.function("patient-shop")
    code = {"ZipFile": package}
    # No waiter tells when Lambda can assume a new role; asking again does.
    made = eventually(
        lambda: functions.create_function(
            FunctionName=name, Role=role, Handler="shop.handler", Runtime="python3.13", Code=code
        ),
        ignoring=functions.exceptions.InvalidParameterValueException,
        timeout=60,
    )
    assert made["Role"] == role
    functions.delete_function(FunctionName=name)


def test_a_clerk_is_known(key: dict[str, str], eventually: Eventually) -> None:
    clerk = eventually(boto3.client("sts", **key).get_caller_identity, ignoring=ClientError, timeout=60)
    assert "/test-" in clerk["Arn"]
