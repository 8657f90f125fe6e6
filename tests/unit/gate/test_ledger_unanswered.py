"""A call that nobody has answered may have changed what it was about."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Prober
from sandgate.ledger.book import Book

CALL = Call(
    id="1",
    service="secretsmanager",
    operation="PutSecretValue",
    parameters={"SecretId": "test-theirs", "SecretString": "x"},
    region="eu-west-1",
    principal=Principal(kind="identity", name="main"),
)


@pytest.mark.parametrize(("status", "changed"), [(200, 1), (503, 1), (400, 0), (None, 1)])
def test_what_may_have_been_changed_is_told_once(tmp_path: Path, status: int | None, changed: int) -> None:
    book = Book(tmp_path / "ledger.jsonl")
    book.begin({}, durable=False)
    ledger = Ledgering(book, cast("Asking", None), cast("Prober", None), cast("Pointing", None), "n1")
    assert asyncio.run(ledger.before(CALL))
    if status is not None:
        ledger.after(CALL, status, "", (b"", ()), ())
    ledger.over(CALL)
    assert [finding.what for finding in book.state.findings] == ["changed"] * changed
    book.close()


def test_what_did_not_go_out_changed_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(tmp_path / "ledger.jsonl")
    book.begin({}, durable=False)
    ledger = Ledgering(book, cast("Asking", None), cast("Prober", None), cast("Pointing", None), "n1")
    monkeypatch.setattr(Book, "failed", "disk full")
    assert not asyncio.run(ledger.before(CALL))
    ledger.over(CALL)
    monkeypatch.undo()
    assert list(book.state.findings) == []
    book.close()
