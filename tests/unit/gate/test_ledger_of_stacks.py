"""What a stack holds is on the disk before the stack may let go of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking, StackMember
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Prober
from sandgate.ledger.book import Book

_MEMBERS = (StackMember("AWS::DynamoDB::Table", "test-kept"),)


class _Stacks:
    async def members(self, _stack: str, _region: str) -> tuple[StackMember, ...]:
        return _MEMBERS


def _call(id_: str, service: str, operation: str, parameters: Mapping[str, Any]) -> Call:
    return Call(
        id=id_,
        service=service,
        operation=operation,
        parameters=parameters,
        region="eu-west-1",
        principal=Principal(kind="deployer", name="main"),
    )


@pytest.mark.parametrize("seen", [False, True], ids=["first seen", "seen before"])
def test_members_are_on_disk_before_their_stack_may_let_go_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, seen: bool
) -> None:
    """Also where another call has had them written down, and nobody had to wait for that."""
    path = tmp_path / "ledger.jsonl"
    book = Book(path)
    book.begin({}, durable=True)
    ledger = Ledgering(book, cast("Asking", _Stacks()), cast("Prober", None), cast("Pointing", None), "n1")
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_size))

    async def main() -> None:
        make = _call("1", "cloudformation", "CreateStack", {"StackName": "test-n1-s"})
        assert await ledger.before(make)
        ledger.after(make, 200, "", (b"", ()), ())
        if seen:
            item = {"TableName": "test-kept", "Item": {"id": {"S": "1"}}}
            assert await ledger.before(_call("2", "dynamodb", "PutItem", item))
        assert await ledger.before(_call("3", "cloudformation", "DeleteStack", {"StackName": "test-n1-s"}))

    asyncio.run(main())
    assert "dynamodb-table" in {entry.type for entry in book.state.alive.values()}
    assert flushed[-1] == path.stat().st_size, "all of it, and not only what came before"
    book.close()
