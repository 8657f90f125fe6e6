"""Emulators that were started anew on their port: what they held went with them, was kept, or is another's now."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.ports import free_port

from sandgate import sweeping
from sandgate.cli._runs import run_lines
from sandgate.config.load import load
from sandgate.errors import EnvironmentFault
from sandgate.ledger.book import NAME
from sandgate.past import Past, past_runs
from sandgate.run import Run
from sandgate.session import start

_MOTO = """
import os, signal, sys, moto.server
pid = 0
for line in sys.stdin:  # each asks for another start, with nothing in it
    if pid:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    pid = os.fork()
    if not pid:
        moto.server.main(["-p", sys.argv[1]])
    print(pid, flush=True)
if pid:
    os.kill(pid, signal.SIGKILL)
"""
_RELAY = """
import asyncio, contextlib, sys

async def carry(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()

async def serve(reader, writer):
    far = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(carry(reader, far[1]), carry(far[0], writer))

async def main():
    await (await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))).serve_forever()

asyncio.run(main())
"""
SERVICES = ("sns", "sqs", "sts")


def _until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


@dataclass
class Moto:
    """An emulator that keeps all in memory."""

    port: int
    process: subprocess.Popen[str]

    def start_anew(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("anew\n")
        self.process.stdin.flush()
        self.process.stdout.readline()
        _until(lambda: _answers(self.port))

    def topics(self) -> list[str]:
        found = self.client("sns").list_topics()["Topics"]
        return sorted(one["TopicArn"].rpartition(":")[2] for one in found)

    def queues(self) -> list[str]:
        return sorted(url.rpartition("/")[2] for url in self.client("sqs").list_queues().get("QueueUrls", []))

    def client(self, service: str) -> Any:
        """Around the gate."""
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            aws_session_token="",
        )


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", _MOTO, str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    yield Moto(port, process)
    process.communicate()


class Relay:
    """Listens before an emulator: started anew, it is as an emulator that has kept all it held."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self.port = free_port()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", _RELAY, str(self.port), str(self._behind)])
        _until(lambda: _answers(self.port))
        return process

    def start_anew(self) -> None:
        self.close()
        self._process = self._start()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def before() -> Iterator[Callable[[Moto], Relay]]:
    with contextlib.ExitStack() as ends:

        def one(emulator: Moto) -> Relay:
            relay = Relay(emulator.port)
            ends.callback(relay.close)
            return relay

        yield one


@contextlib.contextmanager
def _started(folder: Path, port: int) -> Iterator[Run]:
    toml = '[tool.sandgate]\nisolation = "prefix"\ntier = "endpoints"\nregion = "eu-west-1"\n'
    toml += "".join(f'[tool.sandgate.endpoints.{name}]\nurl = "http://127.0.0.1:{port}"\n' for name in SERVICES)
    (folder / "pyproject.toml").write_text(toml, encoding="utf-8")
    run = start(load(cwd=folder, environ={}, overrides={}), progress=lambda _text: None)
    try:
        yield run
    finally:
        run.close()


def _make(run: Run, name: str) -> None:
    run.clients()("sns").create_topic(Name=name)
    run.clients()("sqs").create_queue(QueueName=name)


def _past(run: Run) -> Past:
    (past,) = past_runs(run.directory.parents[2])
    return past


def _sweep_dead(run: Run) -> dict[str, str]:
    """What stayed, and why."""
    with sweeping.opened(_past(run), progress=lambda _text: None) as again:
        return {left.entry.name: left.why for left in sweeping.sweep(again).left}


def _gone(run: Run) -> dict[str, str]:
    """What was closed without a removal, and why."""
    lines = map(json.loads, (run.directory / NAME).read_text(encoding="utf-8").splitlines())
    return {next(iter(line["key"].values())): line["why"] for line in lines if line["ledger"] == "gone"}


def test_what_a_dead_emulator_held_is_gone_with_it_and_what_others_made_since_stays(moto: Moto, tmp_path: Path) -> None:
    moto.start_anew()
    with _started(tmp_path, moto.port) as run:
        _make(run, "test-orders")
        run.clients()("sqs").create_queue(QueueName="test-only-here")
        run.stop()
    assert "ended since" not in "\n".join(run_lines(_past(run), now=0.0, each=False))
    moto.start_anew()
    moto.client("sns").create_topic(Name="test-orders")
    shown = " ".join("\n".join(run_lines(_past(run), now=0.0, each=False)).split())
    assert "3 of these in emulators that have ended since (sns, sqs)" in shown
    why = _sweep_dead(run)
    assert set(why) == {"test-orders"}
    assert "its emulator was started anew since, and nothing tells whose this is now" in why["test-orders"]
    assert moto.topics() == ["test-orders"]
    assert "went with its emulator" in _gone(run)["test-only-here"]
    moto.client("sns").delete_topic(TopicArn=moto.client("sns").list_topics()["Topics"][0]["TopicArn"])
    assert _sweep_dead(run) == {}
    assert _past(run).alive == ()


def test_what_an_emulator_has_kept_is_swept_where_something_tells_whose_it_is(
    moto: Moto, before: Callable[[Moto], Relay], tmp_path: Path
) -> None:
    moto.start_anew()
    relay = before(moto)
    with _started(tmp_path, relay.port) as run:
        _make(run, "test-orders")
        _make(run, f"test-{run.namespace}-orders")
        run.stop()
    relay.start_anew()
    why = _sweep_dead(run)
    assert moto.queues() == [], "their listing tells when they were made"
    assert moto.topics() == ["test-orders"], "the other carries the run's own name"
    assert set(why) == {"test-orders"}


def test_a_run_notices_that_its_emulator_was_started_anew(moto: Moto, tmp_path: Path) -> None:
    moto.start_anew()
    with _started(tmp_path, moto.port) as run:
        _make(run, "test-orders")
        moto.start_anew()
        moto.client("sns").create_topic(Name="test-orders")
        moto.client("sns").create_topic(Name="test-late")
        _make(run, "test-orders")  # the topic is somebody else's now, the queue the run's own
        first = sweeping.sweep(run)
        assert (moto.topics(), moto.queues()) == (["test-late", "test-orders"], [])
        run.clients()("sqs").create_queue(QueueName="test-last")
        moto.start_anew()
        moto.client("sns").create_topic(Name="test-orders")
        second = sweeping.sweep(run)
        run.stop()
    assert moto.topics() == ["test-orders"]
    events = [json.loads(line) for line in (run.directory / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["anew"] for event in events if event["event"] == "upstream"] == [list(SERVICES)] * 2
    assert [[left.entry.type for left in swept.left] for swept in (first, second)] == [["sns-topic"]] * 2
    assert "went with its emulator" in _gone(run)["test-last"]
    assert "went with its emulator" not in _gone(run)["test-orders"], "the sweep has removed it"


def test_an_emulator_that_is_not_there_forgets_nothing(
    moto: Moto, before: Callable[[Moto], Relay], tmp_path: Path
) -> None:
    moto.start_anew()
    relay = before(moto)
    with _started(tmp_path, relay.port) as run:
        _make(run, "test-orders")
        run.stop()
    relay.close()
    with pytest.raises(EnvironmentFault, match="nothing listens"):
        _sweep_dead(run)
    assert len(_past(run).alive) == len(_past(run).in_ended_emulators) == 2
    ledger = run.directory / NAME
    kept = ledger.read_text(encoding="utf-8").splitlines(keepends=True)[:-2]
    ledger.write_text("".join(kept), encoding="utf-8")  # the queue it has lost, and the event log tells of it
    relay.start_anew()
    assert _sweep_dead(run).keys() == {"test-orders"}
    assert [(entry.type, entry.anew) for entry in _past(run).alive] == [("sns-topic", True), ("sqs-queue", True)]
