"""What is written at once comes before what is written later, and nothing is lost where the kernel takes no more."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
import uvloop

from sandgate.gate.sending import descriptor_of, send

PIECE = bytes(range(256)) * 40_000
"""Ten MiB: far more than a socket takes at once."""


class Client(asyncio.Protocol):
    """A connection whose end can be waited for."""

    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


async def written(pieces: list[bytes], end: socket.socket, *, plain: bool) -> None:
    """Send the pieces one after the other, and close."""
    transport, client = await asyncio.get_running_loop().create_connection(Client, sock=end)
    for piece in pieces:
        send(transport, descriptor_of(transport) if plain else -1, piece)
    transport.close()
    await client.lost


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("plain", [True, False], ids=["at once", "by the loop"])
def test_bytes_arrive_in_order(runner: Callable[[Coroutine[Any, Any, None]], None], plain: bool) -> None:
    near, far = socket.socketpair()
    heard = bytearray()

    def hear() -> None:
        while data := far.recv(1 << 20):
            heard.extend(data)

    hearing = threading.Thread(target=hear)
    hearing.start()
    pieces = [b"first", PIECE, b"last"]
    runner(written(pieces, near, plain=plain))
    hearing.join(60)
    far.close()
    assert bytes(heard) == b"".join(pieces)


def test_it_is_there_before_the_turn_is_over() -> None:
    near, far = socket.socketpair()
    far.setblocking(False)

    async def turn() -> bytes:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=near)
        send(transport, descriptor_of(transport), b"now")
        try:
            return far.recv(10)
        finally:
            transport.abort()

    assert uvloop.run(turn()) == b"now"
    far.close()


class Closing:
    """A transport that is about to end, or has."""

    def __init__(self) -> None:
        self.told: list[bytes] = []

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return True

    def write(self, data: bytes) -> None:
        self.told.append(data)


def test_a_descriptor_that_may_be_somebody_elses_is_not_written_to() -> None:
    reading, writing = os.pipe()
    transport = Closing()
    send(cast("asyncio.Transport", transport), writing, b"stray")
    os.close(writing)
    assert os.read(reading, 10) == b""
    os.close(reading)
    assert transport.told == [b"stray"]


def test_what_breaks_is_left_to_the_loop() -> None:
    near, far = socket.socketpair()

    async def turn() -> object:
        transport, client = await asyncio.get_running_loop().create_connection(Client, sock=near)
        far.close()
        send(transport, descriptor_of(transport), b"nobody hears this")
        return await asyncio.wait_for(client.lost, 60)

    uvloop.run(turn())
