"""A table in memory that knows the few requests of the shared ledger, and fails where a test wants it to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandgate.core.table import TableError

__all__ = ["FakeTable"]

_PAGE = 2
"""Items of one answer to a Query, so that there are several."""


class FakeTable:
    """Items by partition and sort key.

    Args:
        now: seconds since 1970.
    """

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.name = "team-ledger"
        self.where = "account 111122223333, region eu-west-1"
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls: list[str] = []
        self.failures: list[TableError] = []
        """Raised by the next calls, in place of what they do."""
        self.unheard = 0
        """How many calls are carried out, and not answered."""
        self.time = now
        self.wrong = 0.0
        """Seconds by which this machine's clock was set since the last answer."""

    def now(self) -> float:
        return self.time + self.wrong

    def call(self, operation: str, parameters: Mapping[str, Any], /) -> Mapping[str, Any]:
        self.calls.append(operation)
        if self.failures:
            raise self.failures.pop(0)
        answer: Mapping[str, Any] = getattr(self, f"_{operation}")(parameters)
        self.wrong = 0.0
        if self.unheard:
            self.unheard -= 1
            raise TableError("Unreachable", "no answer")
        return answer

    def _GetItem(self, request: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: N802 - as the operation
        found = self.items.get(_key(request["Key"]))
        return {"Item": dict(found)} if found else {}

    def _UpdateItem(self, request: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: N802
        if not self._holds(_key(request["Key"]), request):
            raise TableError("ConditionalCheckFailedException", "The conditional request failed")
        self._update(request)
        return {}

    def _TransactWriteItems(self, request: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: N802
        update, put = (next(iter(each.values())) for each in request["TransactItems"])
        kept = self._holds(_key(update["Key"]), update), self._holds(_key(put["Item"]), put)
        if not all(kept):
            reasons = tuple("None" if one else "ConditionalCheckFailed" for one in kept)
            raise TableError("TransactionCanceledException", "", reasons)
        self._update(update)
        self.items[_key(put["Item"])] = dict(put["Item"])
        return {}

    def _BatchWriteItem(self, request: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: N802
        wanted = request["RequestItems"][self.name]
        for each in wanted[:_PAGE]:
            item = each["PutRequest"]["Item"]
            self.items[_key(item)] = dict(item)
        return {"UnprocessedItems": {self.name: wanted[_PAGE:]} if wanted[_PAGE:] else {}}

    def _Query(self, request: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: N802
        partition = request["ExpressionAttributeValues"][":run"]["S"]
        keys = sorted(key for key in self.items if key[0] == partition)
        start = request.get("ExclusiveStartKey")
        rest = [key for key in keys if start is None or key > _key(start)]
        answer: dict[str, Any] = {"Items": [dict(self.items[key]) for key in rest[:_PAGE]]}
        if rest[_PAGE:]:
            answer["LastEvaluatedKey"] = {name: answer["Items"][-1][name] for name in ("run", "line")}
        return answer

    def _holds(self, key: tuple[str, str], request: Mapping[str, Any]) -> bool:
        item = self.items.get(key)
        for part in request["ConditionExpression"].split(" AND "):
            if part.startswith("attribute_not_exists"):
                held = item is None
            else:
                name, value = part.removeprefix("#").split(" = ")
                held = item is not None and (
                    value == f"#{name}" or item.get(name) == request["ExpressionAttributeValues"][value]
                )
            if not held:
                return False
        return True

    def _update(self, request: Mapping[str, Any]) -> None:
        key = request["Key"]
        item = self.items.setdefault(_key(key), dict(key))
        sets, _, removes = request["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        for name, value in re.findall(r"#(\w+) = (:\w+)", sets):
            item[name] = request["ExpressionAttributeValues"][value]
        for name in re.findall(r"#(\w+)", removes):
            item.pop(name, None)


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["run"]["S"], item["line"]["S"]
