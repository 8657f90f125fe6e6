"""How the embedded AWS writes: a head waits for its body, and for nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from sandgate.tiers._emulator_answers import in_one_packet

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
LARGE = bytes(70_000)


class Transport:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Protocol:
    """As uvicorn's, as far as it is asked for."""

    transport: Any

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport


async def _joined(transport: Any) -> None:
    transport.write(HEAD)
    transport.write(b"{}")


async def _alone(transport: Any) -> None:
    transport.write(HEAD)
    await asyncio.sleep(0)
    transport.write(b"late")
    await asyncio.sleep(0)


async def _empty(transport: Any) -> None:
    transport.write(HEAD)
    transport.write(b"")


async def _large(transport: Any) -> None:
    transport.write(HEAD)
    transport.write(LARGE)
    transport.write(LARGE)


async def _closed(transport: Any) -> None:
    transport.write(HEAD)
    transport.close()


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (_joined, [HEAD + b"{}"]),
        (_alone, [HEAD, b"late"]),
        (_empty, [HEAD]),
        (_large, [HEAD, LARGE, LARGE]),
        (_closed, [HEAD]),
    ],
    ids=["head and body", "a body that comes later", "no body", "large ones", "a close"],
)
def test_what_belongs_together_leaves_together(work: Callable[[Any], Awaitable[None]], told: list[bytes]) -> None:
    async def connection() -> Transport:
        transport = Transport()
        protocol = in_one_packet(Protocol)()
        protocol.connection_made(cast("asyncio.Transport", transport))
        await work(protocol.transport)
        await asyncio.sleep(0)
        assert protocol.transport.is_closing() is transport.closed  # the rest of it is as it was
        return transport

    transport = asyncio.run(connection())
    assert [piece for piece in transport.told if piece] == told
    assert transport.closed is (work is _closed)
