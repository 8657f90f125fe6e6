"""When the gate looks which emulators there are, and what it writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.core.log import AppendLog
from sandgate.gate.asking import Asking
from sandgate.gate.instances import Instances
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Prober
from sandgate.gate.recorder import Recorder
from sandgate.gate.upstream import Address, Pool, UpstreamConnection
from sandgate.ledger.book import Book
from sandgate.tiers._model import Upstream

FRESH = Address(host="127.0.0.1", port=8000)


class _Emulators:
    """Those of a tier: what each is called now."""

    def __init__(self) -> None:
        self.now = {"sns": "a:1:7", "sqs": "a:1:7"}
        self.asked = 0

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        self.asked += 1
        return {service: {"address": "127.0.0.1:8000", "instance": name} for service, name in self.now.items()}


class _Gate:
    def __init__(self, folder: Path) -> None:
        self.book = Book(folder / "ledger.jsonl")
        self.log = AppendLog(folder / "events.jsonl")
        self.emulators, self.pool, self.events = _Emulators(), Pool(), folder / "events.jsonl"
        self.instances = Instances(self.book, cast("Upstream", self.emulators), self.pool, Recorder(self.log))

    def named(self) -> dict[str, str]:
        return {service: place["instance"] for service, place in self.book.state.upstream.items()}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[_Gate]:
    made = _Gate(tmp_path)
    yield made
    made.book.close()
    made.log.close()


def test_nobody_looks_while_connections_last(gate: _Gate) -> None:
    gate.instances.notice()
    assert gate.emulators.asked == 0
    gate.pool.fresh.add(FRESH)
    gate.instances.notice()
    gate.instances.notice()
    assert gate.emulators.asked == 1
    gate.instances.notice(anyway=True)
    assert gate.emulators.asked == 2


def test_only_what_is_new_is_written_and_only_a_new_start_is_told(gate: _Gate) -> None:
    gate.instances.notice(anyway=True)
    gate.instances.notice(anyway=True)
    assert gate.named() == {"sns": "a:1:7", "sqs": "a:1:7"}
    assert gate.events.read_text(encoding="utf-8") == ""
    gate.emulators.now["sqs"] = "a:1:8"
    gate.instances.notice(anyway=True)
    assert gate.named() == {"sns": "a:1:7", "sqs": "a:1:8"}
    assert '"event":"upstream"' in gate.events.read_text(encoding="utf-8")
    assert '"anew":["sqs"]' in gate.events.read_text(encoding="utf-8")


@pytest.mark.parametrize("now", [{}, {"sns": "a:1:", "sqs": ""}])
def test_one_that_is_not_there_now_is_not_another(gate: _Gate, now: dict[str, str]) -> None:
    gate.instances.notice(anyway=True)
    gate.emulators.now = now
    gate.instances.notice(anyway=True)
    assert gate.named() == {"sns": "a:1:7", "sqs": "a:1:7"}


def _topic(number: int) -> Call:
    """One that carries the run's name, so that nobody asks whether it was there."""
    return Call(
        id=f"c{number}",
        service="sns",
        operation="CreateTopic",
        parameters={"Name": "test-n1-x"},
        region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )


@pytest.mark.parametrize("when", ["before the call", "under the call"])
def test_what_is_made_is_of_the_emulator_that_answered(gate: _Gate, when: str) -> None:
    notice, nobody = gate.instances.notice, cast("Asking", None)
    ledger = Ledgering(gate.book, nobody, cast("Prober", None), cast("Pointing", None), "n1", notice)
    ledger.notice(anyway=True)
    for number in range(2):
        if number and when == "before the call":
            gate.emulators.now["sns"] = "a:1:8"
            gate.pool.fresh.add(FRESH)
        assert asyncio.run(ledger.before(_topic(number)))
        assert [entry.anew for entry in gate.book.state.alive.values()] == [bool(number and when == "before the call")]
        if number and when == "under the call":
            gate.emulators.now["sns"] = "a:1:8"
            gate.pool.fresh.add(FRESH)
        ledger.after(_topic(number), 200, "", (b"<TopicArn>arn:aws:sns:eu-west-1:0:x</TopicArn>", ()), ())
    assert gate.named()["sns"] == "a:1:8"
    assert [entry.anew for entry in gate.book.state.alive.values()] == [False]


class _Connection(UpstreamConnection):
    """One whose last exchange has ended well, or not."""

    def __init__(self, *, well: bool) -> None:
        super().__init__()
        self.address, self._well = FRESH, well

    @property
    def reusable(self) -> bool:
        return self._well


@pytest.mark.parametrize(
    ("ended", "fresh", "unbroken"),
    [
        ((), False, True),  # there was none yet
        (("kept",), False, True),
        (("kept",), True, False),
        (("kept", "lost"), False, True),  # some are closed for having been idle
        (("lost",), False, False),
        (("not kept",), False, False),
    ],
)
def test_a_connection_that_lasts_is_a_server_that_lasts(ended: tuple[str, ...], *, fresh: bool, unbroken: bool) -> None:
    pool = Pool()
    for end in ended:
        connection = _Connection(well=end != "not kept")
        pool.release(connection)
        connection.lost = end == "lost"
    if fresh:
        pool.fresh.add(FRESH)
    assert pool.unbroken is unbroken
