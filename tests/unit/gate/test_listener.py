"""The gate's ports: how they are drained."""

from __future__ import annotations

import asyncio

from sandgate.gate.exchange import Exchange
from sandgate.gate.listener import HOST, Listener


def test_a_call_that_never_ends_is_waited_for_once() -> None:
    """A run that ends is drained before its front end is answered and once more before the gate goes."""

    async def scenario() -> int:
        begun = asyncio.Event()

        async def never(_exchange: Exchange) -> None:
            begun.set()
            await asyncio.Event().wait()

        listener = Listener()
        await listener.bind("main")
        await listener.open(never)
        _, writer = await asyncio.open_connection(HOST, listener.port("main"))
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await begun.wait()
        await listener.drain(0)
        await asyncio.wait_for(listener.drain(600), 30)
        writer.close()
        return listener.in_flight

    assert asyncio.run(scenario()) == 1
