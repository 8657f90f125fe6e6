"""Amazon DynamoDB."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS", "table"]


def table(world: World, name: str) -> None:
    """A table with one key."""
    world.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _inside_table(world: World, name: str) -> None:
    dynamodb = world.client("dynamodb")
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "one"}})
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)


def _backup(world: World, name: str) -> None:
    dynamodb = world.client("dynamodb")
    table(world, name)
    world.cleanup.append(lambda: dynamodb.delete_table(TableName=name))
    dynamodb.create_backup(TableName=name, BackupName=name)


def _for_item(world: World, name: str) -> dict[str, object]:
    """The table, and the key of the one item that is looked for."""
    table(world, name)
    world.cleanup.append(lambda: world.client("dynamodb").delete_table(TableName=name))
    return {"TableName": name, "Key": {"pk": {"S": name}}}


def _item(world: World, name: str) -> None:
    world.client("dynamodb").put_item(TableName=name, Item={"pk": {"S": name}, "Key": {"S": "no key"}})


MAKERS = {
    "dynamodb-item": Maker(make=_item, container=_for_item),
    "dynamodb-table": Maker(make=table, fill=_inside_table),
    "dynamodb-backup": Maker(make=_backup),
}
