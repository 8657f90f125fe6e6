"""A table with the key `pk` and `sk`, billed by request; the variable holds its name."""

from __future__ import annotations

from sandgate.stories.temporary._model import Clients, Temporary

__all__ = ["TEMPORARY"]


def _make(clients: Clients, name: str, _region: str) -> str:
    dynamodb = clients("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("pk", "sk")],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    return name


def _remove(clients: Clients, name: str) -> None:
    clients("dynamodb").delete_table(TableName=name)


TEMPORARY = Temporary(name="dynamodb-table", make=_make, remove=_remove)
