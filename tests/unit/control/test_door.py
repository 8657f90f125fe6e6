"""What may be asked, and what may be handed over, from inside of an isolated run."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from sandgate.control.client import ControlClient
from sandgate.control.door import CONTROL, INLET, Door
from sandgate.control.handover import hand_over
from sandgate.control.messages import COMMANDS
from sandgate.errors import RunError
from sandgate.gate.listener import HOST, Listener

T = TypeVar("T")
ALLOWED = {"proxy", "fault", "key", "port", "test", "mark", "status"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short one: the path of a socket has 107 bytes, and folders of tests within tests are longer."""
    with tempfile.TemporaryDirectory(prefix="sg", dir="/tmp") as name:
        yield Path(name)


async def _answer(command: str, _fields: Mapping[str, Any]) -> Mapping[str, object]:
    return {"did": command}


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[tuple[Path, Listener]]:
    listener = Listener()
    await listener.bind("main")
    door = Door(folder / "d", _answer, listener.adopt)
    await door.open()
    try:
        yield door.folder, listener
    finally:
        door.close()
        await listener.drain(0)


def _beside_a_gate(folder: Path, function: Callable[[Path, Listener], T]) -> T:
    """What a process inside gets, while a gate serves it."""

    async def main() -> T:
        async with _opened(folder) as (sockets, listener):
            return await asyncio.to_thread(function, sockets, listener)

    return asyncio.run(main())


def _asked(folder: Path, command: str, **fields: object) -> str:
    def ask(sockets: Path, _listener: Listener) -> str:
        client = ControlClient(str(sockets / CONTROL))
        try:
            return str(client.request(command, **fields)["did"])
        except RunError as error:
            return error.message
        finally:
            client.close()

    return _beside_a_gate(folder, ask)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"event"}))
def test_what_may_be_asked(folder: Path, command: str) -> None:
    refused = f"an isolated command may not ask the gate for {command!r}"
    assert _asked(folder, command) == (command if command in ALLOWED else refused)


@pytest.mark.parametrize(
    ("event", "allowed"), [("test", True), ("expected", True), ("call", False), ("done", False), ("refused", False)]
)
def test_events_of_the_gate_are_the_gates(folder: Path, event: str, allowed: bool) -> None:
    assert (_asked(folder, "event", event=event) == "event") is allowed


def _handed(inlet: Path, name: bytes, *descriptors: int) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as gate:
        gate.settimeout(60)
        gate.connect(str(inlet))
        if descriptors:
            socket.send_fds(gate, [name], list(descriptors))
        else:
            gate.send(name)
        return gate.recv(4096).decode()


@pytest.mark.parametrize("name", [b"main", b"nobody", b"\xff"])
def test_another_port_is_not_taken(folder: Path, name: bytes) -> None:
    with socket.create_server((HOST, 0)) as other:
        said = _beside_a_gate(folder, lambda sockets, _: _handed(sockets / INLET, name, other.fileno()))
    assert said != "ok"
    assert "not the port" in said or name == b"\xff"


def test_what_is_no_listening_socket_is_not_taken(folder: Path) -> None:
    def hand(sockets: Path, _listener: Listener) -> list[str]:
        inlet = sockets / INLET
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram, (folder / "f").open("w") as file:
            return [
                _handed(inlet, b"main", datagram.fileno()),
                _handed(inlet, b"main", file.fileno()),
                _handed(inlet, b"main"),
            ]

    said = _beside_a_gate(folder, hand)
    assert len(said) == 3
    assert "ok" not in said


def test_a_port_that_is_taken_was_handed_over(folder: Path) -> None:
    """Outside, the gate itself has it: nothing happens, and nobody is asked."""
    _beside_a_gate(folder, lambda _, listener: hand_over("/nowhere", "main", listener.port("main")))
    with pytest.raises(OSError, match="No such file"):
        hand_over("/nowhere", "main", 0)
