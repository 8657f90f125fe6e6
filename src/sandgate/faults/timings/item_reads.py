"""An eventually consistent read of an item gives what was there before the last writes.

Amazon DynamoDB Developer Guide, "DynamoDB read consistency": reads are eventually consistent unless they ask for more,
may miss a write that was answered a moment ago, and show it when they are repeated a little later.

Simulated for GetItem without ConsistentRead and without a projection, after PutItem, UpdateItem and DeleteItem. What
else may be stale on AWS is fresh here, which AWS allows too.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from sandgate.core.call import Call
from sandgate.faults._model import Asked, Asks, Clock, Failure, Timing
from sandgate.faults.tables import Table, table_of

__all__ = ["TIMING"]

_WRITES = frozenset({"DeleteItem", "PutItem", "UpdateItem"})
_MOST = 10_000
"""Items that are remembered."""

_Item = tuple[Table, str]


class _Items:
    """Items as they were before the last writes.

    Args:
        seconds: how far reads are behind.
        clock: the time.
        asks: the gate's own reads.
    """

    def __init__(self, seconds: float, clock: Clock, asks: Asks) -> None:
        self._seconds = seconds
        self._clock = clock
        self._asks = asks
        self._keys: dict[Table, tuple[str, ...]] = {}
        self._written: dict[str, tuple[_Item, Any]] = {}
        """By the id of a call that writes: the item, and what was there before."""
        self._before: dict[_Item, list[tuple[float, Any]]] = {}
        """The moments until which something old is read, the next first."""

    async def before(self, asked: Asked) -> Failure | bytes | None:
        call = asked.call
        if call.operation == "DeleteTable":
            gone = table_of(call)
            self._keys.pop(gone, None)
            self._before = {item: moments for item, moments in self._before.items() if item[0] != gone}
        if call.operation not in _WRITES or not (key := await self._key(call)):
            return None
        parameters = {"TableName": call.parameters["TableName"], "Key": key, "ConsistentRead": True}
        found = await self._asks.json("dynamodb", "GetItem", _plain(parameters), call.region)
        if found is not None:
            if len(self._written) >= _MOST:  # of calls that were never answered
                self._written.clear()
            self._written[call.id] = (_item(call, key), found.get("Item"))
        return None

    def reads(self, call: Call) -> bool:
        return call.operation in _WRITES or _may_be_stale(call)

    def after(self, asked: Asked, body: bytes) -> bytes:
        call = asked.call
        if call.operation in _WRITES:
            self._note(call)
            return body
        old = self._old(_item(call, call.parameters.get("Key")))
        if old is None:
            return body
        answer = json.loads(body)
        answer.pop("Item", None)
        if old[1] is not None:
            answer["Item"] = old[1]
        return json.dumps(answer).encode()

    def _note(self, call: Call) -> None:
        item, was = self._written.pop(call.id, (None, None))
        if item is None:
            return
        if len(self._before) >= _MOST:
            self._before.clear()
        self._before.setdefault(item, []).append((self._clock() + self._seconds, was))

    def _old(self, item: _Item) -> tuple[float, Any] | None:
        """What was there when the time was as many seconds ago; None when that is what is there now."""
        moments = [entry for entry in self._before.get(item, ()) if entry[0] > self._clock()]
        if not moments:
            self._before.pop(item, None)
            return None
        self._before[item] = moments
        return moments[0]

    async def _key(self, call: Call) -> Mapping[str, object] | None:
        """The key of the item that a call writes."""
        if isinstance(key := call.parameters.get("Key"), Mapping):
            return key
        item, table = call.parameters.get("Item"), table_of(call)
        if table not in self._keys:
            about = await self._asks.json("dynamodb", "DescribeTable", {"TableName": table[1]}, call.region)
            self._keys[table] = _key_names(about)
        names = self._keys[table]
        if not names or not isinstance(item, Mapping) or not set(names) <= set(item):
            return None
        return {name: item[name] for name in names}


def _key_names(about: Mapping[str, Any] | None) -> tuple[str, ...]:
    return tuple(one["AttributeName"] for one in about["Table"]["KeySchema"]) if about else ()


def _may_be_stale(call: Call) -> bool:
    parameters = call.parameters
    projected = "ProjectionExpression" in parameters or "AttributesToGet" in parameters
    return call.operation == "GetItem" and not parameters.get("ConsistentRead") and not projected


def _item(call: Call, key: object) -> _Item:
    return table_of(call), json.dumps(_plain(key), sort_keys=True)


def _plain(value: object) -> Any:
    """As it stands in JSON: keys of items may be binary, which is base64 there."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode("ascii")
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _start(seconds: float, clock: Clock, asks: Asks) -> _Items:
    return _Items(seconds, clock, asks)


TIMING = Timing(
    name="item-reads",
    summary="DynamoDB's GetItem without ConsistentRead gives an item as it was a moment ago",
    source='Amazon DynamoDB Developer Guide: "DynamoDB read consistency"',
    seconds=1.0,
    services=frozenset({"dynamodb"}),
    start=_start,
)
