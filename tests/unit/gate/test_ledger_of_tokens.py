"""Creates that repeat a token answer as if they had made what was there: it is not the run's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Presence, Prober
from sandgate.ledger.book import Book

TOKEN = {"ClientRequestToken": "a" * 32}
SECRET: Mapping[str, Any] = {"Name": "test-theirs", "SecretString": "x", **TOKEN}
STACK: Mapping[str, Any] = {"StackName": "test-theirs", "TemplateBody": "{}"}


class Probed:
    """Counts how often it is asked."""

    def __init__(self, presence: Presence) -> None:
        self.presence = presence
        self.asked = 0

    async def exists(self, *_about: object) -> Presence:
        self.asked += 1
        return self.presence


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "presence", "claims", "asked"),
    [
        ("secretsmanager", "CreateSecret", SECRET, True, [], 1),
        ("secretsmanager", "CreateSecret", SECRET, False, ["made"], 1),
        ("secretsmanager", "CreateSecret", {**SECRET, "Name": "test-n1"}, True, ["made"], 0),
        ("cloudformation", "CreateStack", {**STACK, **TOKEN}, True, [], 1),
        ("cloudformation", "CreateStack", STACK, True, ["made"], 0),
    ],
)
def test_what_was_there_stays_theirs(
    tmp_path: Path,
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    presence: Presence,
    claims: list[str],
    asked: int,
) -> None:
    book = Book(tmp_path / "ledger.jsonl")
    book.begin({}, durable=False)
    probed = Probed(presence)
    ledger = Ledgering(book, cast("Asking", None), cast("Prober", probed), cast("Pointing", None), "n1")
    call = Call(
        id="1",
        service=service,
        operation=operation,
        parameters=parameters,
        region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )
    assert asyncio.run(ledger.before(call))
    ledger.after(call, 200, "", (b"", ()), ())
    assert [entry.claim for entry in book.state.alive.values()] == claims
    assert probed.asked == asked
    book.close()
