"""The tables that a call of DynamoDB names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandgate.core.call import Call

__all__ = ["Table", "table_of", "tables_of"]

Table = tuple[str, str]
"""Region and name."""


def table_of(call: Call) -> Table:
    """The one table that a call is about; its name is empty where there is none."""
    return call.region, _name(call.parameters.get("TableName"))


def tables_of(call: Call) -> frozenset[Table]:
    """Every table that a call reads or writes items of; those of PartiQL stand in text and are not found."""
    return frozenset((call.region, name) for name in map(_name, _named(call.parameters)) if name)


def _named(parameters: Mapping[str, object]) -> Iterator[object]:
    yield parameters.get("TableName")
    requested = parameters.get("RequestItems")
    yield from requested if isinstance(requested, Mapping) else ()
    items = parameters.get("TransactItems")
    for item in items if isinstance(items, list | tuple) else ():
        for action in item.values() if isinstance(item, Mapping) else ():
            yield action.get("TableName") if isinstance(action, Mapping) else None


def _name(value: object) -> str:
    """Tables may be named by their ARN."""
    return value.rpartition(":table/")[2].partition("/")[0] if isinstance(value, str) else ""
