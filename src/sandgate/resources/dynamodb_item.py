"""Items of tables that the run did not make, by their keys."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandgate.resources._model import Create, Key, Listing, Removal, ResourceType, Survey

__all__ = ["RESOURCE"]

_KEY = {"TableName": "TableName", "Key": "Key"}
_UPDATE = {"TableName": "tail(TableName)", "Key": "Key"}
_PUT = {"TableName": "tail(TableName)", "Key": "Item"}
_Requests = Iterator[Mapping[str, Any]]


def _batch_puts(request: Mapping[str, Any]) -> _Requests:
    return _batch(request, "PutRequest")


def _batch_deletes(request: Mapping[str, Any]) -> _Requests:
    return _batch(request, "DeleteRequest")


def _batch(request: Mapping[str, Any], name: str) -> _Requests:
    for table, writes in (request.get("RequestItems") or {}).items():
        for write in writes:
            if name in write:
                yield {"TableName": table, **write[name]}


def _transact(request: Mapping[str, Any], name: str) -> _Requests:
    return (write[name] for write in request.get("TransactItems") or () if name in write)


def _pick(key: Key, schema: Sequence[Mapping[str, str]]) -> Key | None:
    """The attributes of an item that are its key; None for an item that lacks one."""
    item = key.get("Key") or {}
    names = [str(attribute["AttributeName"]) for attribute in schema]
    if not all(name in item for name in names):
        return None
    return {"TableName": key["TableName"], "Key": {name: item[name] for name in names}}


def _plain(key: Key) -> Key:
    """Bytes as text, and numbers in one form: DynamoDB takes 1 and 1.0 for the same."""
    values = {name: _plain_value(value) for name, value in sorted(key["Key"].items())}
    return {"TableName": key["TableName"], "Key": values}


def _plain_value(value: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, inner),) = value.items() if len(value) == 1 else (("", value),)
    if isinstance(inner, bytes):
        return {kind: base64.b64encode(inner).decode()}
    if kind == "N":
        try:
            number = Decimal(str(inner))
        except InvalidOperation:  # DynamoDB refuses it
            return {kind: str(inner)}
        return {kind: format(number.normalize() if number else Decimal(0), "f")}
    return dict(value)


def _spelled(key: Key) -> Key:
    values = {
        name: {kind: base64.b64decode(inner) if kind == "B" else inner for kind, inner in value.items()}
        for name, value in key["Key"].items()
    }
    return {**key, "Key": values}


_READ = Listing(
    operation="GetItem",
    entries="Item",
    key={"TableName": "", "Key": ""},
    parameters={"ConsistentRead": True},
    within=_KEY,
    absent=("ResourceNotFoundException",),
)

RESOURCE = ResourceType(
    name="dynamodb-item",
    type="AWS::DynamoDB::Item",
    service="dynamodb",
    creates=(
        Create(operation="PutItem", names=_PUT),
        Create(operation="UpdateItem", names=_UPDATE),
        Create(operation="BatchWriteItem", names=_PUT, many=_batch_puts),
        Create(operation="TransactWriteItems", names=_PUT, many=lambda request: _transact(request, "Put")),
        Create(operation="TransactWriteItems", names=_UPDATE, many=lambda request: _transact(request, "Update")),
    ),
    removal=Removal(
        operation="DeleteItem",
        parameters=_KEY,
        key={"TableName": "tail(TableName)"},
        absent=("ResourceNotFoundException",),
        busy=("TransactionConflictException",),
        also=("BatchWriteItem", "TransactWriteItems"),
        many={
            "BatchWriteItem": _batch_deletes,
            "TransactWriteItems": lambda request: _transact(request, "Delete"),
        },
        partly={"BatchWriteItem": "UnprocessedItems"},
    ),
    listing=_READ,
    look=_READ,
    survey=Survey(
        operation="DescribeTable",
        parameters={"TableName": "TableName"},
        shows="Table.KeySchema",
        key=_pick,
        changed_by=("CreateTable", "DeleteTable"),
    ),
    plain=_plain,
    spelled=_spelled,
    within="dynamodb-table",
    container={"TableName": "TableName"},
    remark="Each is read and removed by its key; a table that the run did not make is never scanned.",
)
