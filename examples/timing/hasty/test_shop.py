"""Tests that never wait. An emulator lets them pass; AWS does not, on most days."""

from __future__ import annotations

from typing import Any

import boto3

from sandgate import Namespace


def test_an_order_is_kept(dynamodb: Any, namespace: Namespace, table_of: dict[str, Any]) -> None:
    table = namespace.table("orders")
    dynamodb.create_table(TableName=table, **table_of)
    dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "what": {"S": "tea"}})
    assert dynamodb.get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]["what"] == {"S": "tea"}
    dynamodb.delete_table(TableName=table)


def test_every_day_begins_with_an_empty_queue(sqs: Any, namespace: Namespace) -> None:
    name = namespace.queue("parcels")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName=name)["QueueUrl"])
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.delete_queue(QueueUrl=queue)


def test_a_function_has_its_role(functions: Any, namespace: Namespace, role: str, package: bytes) -> None:
    name = namespace.function("shop")
    code = {"ZipFile": package}
    made = functions.create_function(
        FunctionName=name, Role=role, Handler="shop.handler", Runtime="python3.13", Code=code
    )
    assert made["Role"] == role
    functions.delete_function(FunctionName=name)


def test_a_clerk_is_known(key: dict[str, str]) -> None:
    assert "/test-" in boto3.client("sts", **key).get_caller_identity()["Arn"]
