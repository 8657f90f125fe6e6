"""The response that a connection receives, fed by hand."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from sandgate.gate.response import UpstreamResponse


class _Transport:
    reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


class _SlowClient:
    """Takes everything, and is behind from the first piece on."""

    unsent = 0

    def __init__(self) -> None:
        self.taken = 0
        self._caught_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def put(self, data: bytes | memoryview) -> None:
        self.taken += len(data)

    def drained(self) -> asyncio.Future[None]:
        return self._caught_up


def _feed(response: UpstreamResponse, data: bytes) -> None:
    response.buffer()[: len(data)] = data
    response.feed(len(data))


def test_a_connection_reads_on_after_an_answer_to_a_slow_client() -> None:
    """Else the next request on it waits for ever."""

    async def scenario() -> tuple[bool, int]:
        transport = _Transport()
        response = UpstreamResponse(cast("Any", transport))
        client = _SlowClient()
        response.begin("GET")
        _feed(response, b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nfour")
        async for piece in response.chunks():
            client.put(piece)
            response.pour_into(client)
            asyncio.get_running_loop().call_soon(_feed, response, b"more")
        return transport.reading, client.taken

    assert asyncio.run(scenario()) == (True, 8)
