"""An upstream's response, whose body may still be arriving, as the exchange reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sandgate.gate.receiving import Receiving, Sink
from sandgate.wire.http import Headers

__all__ = ["UpstreamResponse"]


class UpstreamResponse(Receiving):
    """The response that a connection is receiving, fed by the connection and read by the exchange.

    One object serves a connection for all its requests: read what is wanted before the connection is given back.

    Args:
        transport: paused while too much waits.
    """

    async def head(self) -> None:
        """Wait until status and headers are here.

        Raises:
            UpstreamFaultError: the connection broke.
        """
        while not self.answered:
            await self._wait()

    async def end(self) -> None:
        """Wait until the body is here, a small one.

        Raises:
            UpstreamFaultError: the connection broke.
        """
        while not self.complete:
            await self._wait()

    async def settle(self, limit: int) -> bool:
        """Wait until the body is here, but for no more than `limit` bytes of it.

        Returns:
            Whether it is.

        Raises:
            UpstreamFaultError: the connection broke.
        """
        while not self.complete and self._size <= limit:
            await self._wait()
        return self.complete

    def peek(self) -> bytes:
        """What is here of the body and has not been read; it stays to be read."""
        return b"".join(self._chunks)

    @property
    def headers(self) -> Headers:
        """The fields that are passed on, decoded; names in lower case."""
        pairs = (field.decode("utf-8", "surrogateescape").partition(": ") for field in self.fields)
        return tuple((name, value) for name, _, value in pairs)

    def whole(self) -> bytes | None:
        """The complete body when it is all here already, which saves a chunked hop for small answers."""
        if not self.complete:
            return None
        only = self._chunks[0] if len(self._chunks) == 1 else None
        data = only if isinstance(only, bytes) else b"".join(self._chunks)
        self._lent += [piece for piece in self._chunks if isinstance(piece, memoryview)]
        self._chunks.clear()
        self._size = 0
        self.reclaim(0)
        self._flow()
        return data

    async def chunks(self) -> AsyncIterator[bytes | memoryview]:
        """The body piece by piece; the memory of a piece is its reader's until that calls `reclaim`.

        Raises:
            UpstreamFaultError: the connection broke before the end.
        """
        while True:
            while self._chunks:
                data = self._chunks.popleft()
                self._size -= len(data)
                self._taken += len(data)
                self._flow()
                yield data
                if isinstance(data, memoryview):
                    self._lent.append(data)
            if self.complete:
                self._flow()
                return
            if self._sink is not None and self._paused:
                await self._caught_up(self._sink)
            else:
                await self._wait()

    def pour_into(self, sink: Sink) -> None:
        """Let what still comes of a body of known length go there directly; `chunks` still ends with it, or raises.

        Args:
            sink: everything that `chunks` has given is written to it.
        """
        if self._left and not self._chunks:
            self._sink = sink

    async def _caught_up(self, sink: Sink) -> None:
        waiting = sink.drained()
        if waiting is not None:
            await waiting
        self._paused = False
        if not self._transport.is_closing():
            self._transport.resume_reading()

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
