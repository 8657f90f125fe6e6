"""Emptying a table of 100,000 items through the gate: `empty_table` against scanning a page and deleting item by item.

    python benchmarks/empty_table.py

The way of the seed is timed on a part of the table (its time per item does not depend on how many there are), the other
one on the whole table, which must be empty afterwards. SANDGATE_EFFORT=0 takes 5,000 items.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from botocore.config import Config

from sandgate.config.load import load
from sandgate.pytest_plugin.fixtures._batches import empty_table_of
from sandgate.session import start

ITEMS = 100_000 if os.environ.get("SANDGATE_EFFORT", "1") != "0" else 5_000
ONE_BY_ONE = 3_000
TABLE = "test-bench"


def fill(dynamodb: Any, count: int) -> None:
    """Put items with a key of two attributes and some data."""
    for at in range(0, count, 25):
        dynamodb.batch_write_item(
            RequestItems={
                TABLE: [
                    {
                        "PutRequest": {
                            "Item": {"pk": {"S": f"user-{n % 997}"}, "sk": {"N": str(n)}, "text": {"S": "x" * 80}}
                        }
                    }
                    for n in range(at, min(at + 25, count))
                ]
            }
        )


def item_by_item(dynamodb: Any, limit: int) -> int:
    """The seed's way: a page of keys, then a call for each."""
    done = 0
    while done < limit:
        page = dynamodb.scan(TableName=TABLE, AttributesToGet=["pk", "sk"])
        for key in page["Items"]:
            dynamodb.delete_item(TableName=TABLE, Key=key)
            done += 1
            if done == limit:
                return done
        if not page["Items"]:
            return done
    return done


def main() -> None:
    """Fill, empty both ways, print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text('[tool.sandgate]\nisolation = "prefix"\n')
        run = start(load(cwd=Path(folder), environ={}, overrides={}), progress=lambda _text: None)
        try:
            dynamodb = run.clients()("dynamodb")
            dynamodb.create_table(
                TableName=TABLE,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "N"},
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            fill(dynamodb, ITEMS + ONE_BY_ONE)
            began = time.perf_counter()
            done = item_by_item(dynamodb, ONE_BY_ONE)
            slow = done / (time.perf_counter() - began)
            began = time.perf_counter()
            quick = run.boto_session().client(
                "dynamodb", endpoint_url=run.gate_url, config=Config(parameter_validation=False)
            )
            emptied = empty_table_of(quick, TABLE)
            seconds = time.perf_counter() - began
            left = dynamodb.scan(TableName=TABLE, Select="COUNT", ConsistentRead=True)["Count"]
        finally:
            run.stop()
    fast = emptied / seconds
    print(f"item by item      {slow:8.0f} items/s   ({done} items)")
    print(f"empty_table       {fast:8.0f} items/s   ({emptied} items in {seconds:.1f} s, {left} left)")
    print(f"ratio             {fast / slow:8.1f}            at least 15")


if __name__ == "__main__":
    main()
