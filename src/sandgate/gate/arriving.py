"""A request and its body, which may still be arriving.

Bodies are streams with back-pressure; nothing here holds more than the high-water mark.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from sandgate.wire.http import Request, WireError

__all__ = ["HIGH_WATER", "SMALL", "Arriving", "BodyTooLargeError", "ClientGoneError", "Side"]

HIGH_WATER = 1024 * 1024
"""Bytes of a body that wait in memory before the sender is made to wait."""

SMALL = 64 * 1024
"""Bytes up to which a body is held so that it travels in one packet with its head: a packet less is a wake-up less."""


_MAX_LENT = 64 * 1024 * 1024
"""Bytes of a body that somebody else reads in one piece."""


class ClientGoneError(Exception):
    """The client closed its connection before the exchange was over."""


class BodyTooLargeError(WireError):
    """A body that must be held whole is over the limit."""

    def __init__(self, limit: int) -> None:
        text = (
            f"The request body is over the limit of {limit // 2**20} MiB for calls that are held whole; "
            "raise body_limit in [tool.sandgate], or upload through Amazon S3, whose bodies are streamed."
        )
        super().__init__("RequestEntityTooLarge", text, status=413)


class Side(Protocol):
    """What an exchange needs of the connection that it belongs to."""

    @property
    def transport(self) -> asyncio.Transport:
        """Where the response goes."""

    def send(self, data: bytes) -> None:
        """Write at once, where that goes."""

    def flow(self) -> None:
        """Pause or resume reading, by how much waits."""

    def stop_reading(self) -> None:
        """Leave what has not been read to somebody else."""

    def read_on(self, *, whole: bool) -> None:
        """Go on; `whole` when somebody else has read the rest of the body."""

    def drained(self) -> asyncio.Future[None] | None:
        """Done when the client has caught up; None when it has."""


class Arriving:
    """A request, read by whoever handles it while its connection feeds it.

    Args:
        request: its head.
        side: the connection.
        label: worker whose port the connection came to.
        keep_alive: whether the connection may be used again afterwards.
    """

    __slots__ = (
        "_chunks",
        "_complete",
        "_continue",
        "_error",
        "_gone",
        "_side",
        "_size",
        "_waiter",
        "announced",
        "bytes_in",
        "keep_alive",
        "label",
        "request",
    )

    def __init__(self, request: Request, side: Side, *, label: str, keep_alive: bool) -> None:
        self.request = request
        self.label = label
        self.keep_alive = keep_alive
        self.announced = int(request.fields.get("content-length", "0"))
        """What Content-Length says, digits by llhttp's grammar; zero without one."""
        self.bytes_in = 0
        self._side = side
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._complete = False
        self._gone = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._continue = "expect" in request.fields and request.fields["expect"].lower() == "100-continue"

    # -- fed by the connection ------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take a piece of the body from the parser."""
        self._chunks.append(data)
        self._size += len(data)
        self.bytes_in += len(data)
        self._wake()

    def feed_eof(self) -> None:
        """Note that the body is complete."""
        self._complete = True
        self._wake()

    def fail(self, error: WireError) -> None:
        """The rest of the body cannot be read; whoever reads it is told, and may still answer."""
        self._error = self._error or error
        self._wake()

    def leave(self) -> None:
        """The client is gone: nobody reads an answer."""
        self._gone = True
        self._error = self._error or ClientGoneError()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- read -----------------------------------------------------------------------------------------------------

    def welcome(self) -> None:
        """Its turn has come: ask for a small body at once, before anybody wants it."""
        if self._continue and self.small:
            self._allow_body()

    @property
    def complete(self) -> bool:
        """Whether the whole body has arrived (not: has been read)."""
        return self._complete

    @property
    def buffered(self) -> int:
        """Bytes that have arrived and were not read yet."""
        return self._size

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece.

        Raises:
            ClientGoneError: the client left before the end.
            WireError: the rest is malformed, or does not come.
        """
        while True:
            while self._chunks:
                data = self._chunks.popleft()
                self._size -= len(data)
                self._side.flow()
                yield data
            if self._complete:
                return
            if self._error is not None:
                raise self._error
            self._allow_body()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _allow_body(self) -> None:
        """Once somebody wants a large body, and at once for a small one: a silent server costs the client a second."""
        if self._continue:
            self._continue = False
            self._side.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    @property
    def small(self) -> bool:
        """Whether the head announces a body that may be held."""
        return "content-length" in self.request.fields and self.announced <= SMALL

    async def body(self, limit: int) -> bytes:
        """The whole body, held in memory.

        Args:
            limit: bytes; more is refused with 413.
        """
        if self.announced > limit:
            raise BodyTooLargeError(limit)
        if self._complete and len(self._chunks) <= 1:
            self._size = 0
            return self._chunks.popleft() if self._chunks else b""
        parts: list[bytes] = []
        size = 0
        async for data in self.chunks():
            size += len(data)
            if size > limit:
                raise BodyTooLargeError(limit)
            parts.append(data)
        return b"".join(parts)

    @property
    def body_lendable(self) -> bool:
        """Whether the rest of the body may be read by somebody else; neither what is nearly here nor what is huge."""
        if self._complete or self._error is not None or "content-length" not in self.request.fields:
            return False
        plain = not self._side.transport.get_extra_info("sslcontext")
        return plain and self.announced - self.bytes_in >= SMALL and self.announced <= _MAX_LENT

    def lend_body(self) -> bytes:
        """Leave the rest of the body to somebody else, who reads it from the connection's own socket.

        Returns:
            What is here of it.
        """
        self._side.stop_reading()
        begun = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        return begun

    def welcome_body(self) -> int:
        """Ask for the body if the client waits for that; the descriptor of the connection's socket.

        Raises:
            ClientGoneError: the client left.
        """
        if self._gone:
            raise ClientGoneError
        self._allow_body()
        return int(self._side.transport.get_extra_info("socket").fileno())

    def body_returned(self, *, whole: bool) -> None:
        """Nobody else reads any more.

        Args:
            whole: whether the rest of the body has been read.
        """
        if whole:
            self.bytes_in = self.announced
        self._side.read_on(whole=whole)
