"""Amazon DynamoDB."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def table(world: World, name: str) -> None:
    """A table with one key."""
    world.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _item(world: World, name: str) -> None:
    world.client("dynamodb").put_item(TableName=name, Item={"pk": {"S": "one"}})


MAKERS = {"dynamodb-table": Maker(make=table, fill=_item)}
