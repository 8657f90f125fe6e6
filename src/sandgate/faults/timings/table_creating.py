"""A table is CREATING for some seconds, and DELETING for some seconds.

Amazon DynamoDB API Reference: CreateTable and DeleteTable are answered before they are done. Items are read and written
in an ACTIVE table only (ResourceNotFoundException), and what is on its way is neither changed nor deleted
(ResourceInUseException).
"""

from __future__ import annotations

import json
from typing import Any

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Asks, Clock, Failure, Timing
from sandgate.faults.fresh import Fresh
from sandgate.faults.tables import Table, table_of, tables_of

__all__ = ["TIMING"]

_ITEMS = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
_CHANGES = frozenset({"DeleteTable", "UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups"})
_DESCRIBED = {"CreateTable": "TableDescription", "DescribeTable": "Table", "DeleteTable": "TableDescription"}


class _Tables:
    """The tables that tests have made and deleted.

    Args:
        seconds: how long a table is on its way.
        clock: the time.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._creating = Fresh(seconds, clock)
        self._deleting = Fresh(seconds, clock)
        self._was: dict[Table, Any] = {}
        """What was said of the tables that are being deleted."""

    async def before(self, asked: Asked) -> Failure | bytes | None:
        call = asked.call
        table = table_of(call)
        if call.operation in _ITEMS:
            return _NOT_FOUND if any(one in self._creating for one in tables_of(call)) else None
        if call.operation == "DescribeTable" and table in self._deleting:
            return json.dumps({"Table": self._was[table]}).encode()
        if call.operation == "CreateTable" and table in self._deleting:
            return _in_use(f"Table is being deleted: {table[1]}")
        if call.operation in _CHANGES and table in self._creating:
            return _in_use(f"Attempt to change a resource which is still in use: Table is being created: {table[1]}")
        if call.operation in _CHANGES and table in self._deleting:
            return _in_use(f"Attempt to change a resource which is still in use: Table is being deleted: {table[1]}")
        return None

    def reads(self, call: Call) -> bool:
        return call.operation in _DESCRIBED

    def after(self, asked: Asked, body: bytes) -> bytes:
        call = asked.call
        table = table_of(call)
        if call.operation == "CreateTable":
            self._creating.add(table)
        elif call.operation == "DeleteTable":
            self._deleting.add(table)
        elif table not in self._creating:
            return body
        answer = json.loads(body)
        description = answer[_DESCRIBED[call.operation]]
        description["TableStatus"] = "DELETING" if call.operation == "DeleteTable" else "CREATING"
        if call.operation == "DeleteTable":
            self._was[table] = description
        return json.dumps(answer).encode()


_NOT_FOUND = Failure(code="ResourceNotFoundException", status=400, message="Requested resource not found")


def _in_use(message: str) -> Failure:
    return Failure(code="ResourceInUseException", status=400, message=message)


def _start(seconds: float, clock: Clock, _asks: Asks) -> _Tables:
    return _Tables(seconds, clock)


TIMING = Timing(
    name="table-creating",
    summary="a new DynamoDB table is CREATING, and a deleted one DELETING, before it is there or gone",
    source="Amazon DynamoDB API Reference: CreateTable, DeleteTable",
    seconds=5.0,
    services=frozenset({"dynamodb"}),
    start=_start,
)
