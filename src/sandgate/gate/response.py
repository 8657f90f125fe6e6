"""An upstream's response, whose body may still be arriving."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from http import HTTPStatus

import httptools

from sandgate.gate.headers import HOP_BY_HOP
from sandgate.wire.http import Headers

__all__ = ["UpstreamFaultError", "UpstreamResponse"]

_DROPPED = frozenset(name.encode() for name in HOP_BY_HOP)
_HIGH_WATER = 256 * 1024
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class UpstreamFaultError(Exception):
    """The upstream broke a connection or did not answer; it may recover."""


class UpstreamResponse:
    """A response, fed by its connection and read by the exchange.

    Args:
        transport: paused while too much waits.
        method: of the request; the answer to HEAD has no body.
    """

    def __init__(self, transport: asyncio.Transport, method: str) -> None:
        self.status = 0
        self.fields: list[bytes] = []
        """`name: value` of every field that is passed on, as it came; decoding them all costs more than it tells."""
        self.length: int | None = None
        """What Content-Length says."""
        self.complete = False
        self.received = False
        """Whether a byte of it has come."""
        self.answered = False
        """Whether the final head is here."""
        self.until_close = False
        self.keep_alive = False
        self._transport = transport
        self._method = method
        self._framed = False
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._taken = 0
        """Bytes of the body that were read; those that wait are `_size`."""
        self._left = 0
        """Bytes of the body that are still to come and need no parser."""
        self._paused = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._parser = httptools.HttpResponseParser(self)

    # -- fed ------------------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes off the wire.

        Raises:
            UpstreamFaultError: they are no HTTP response.
        """
        self.received = True
        if self._left:
            self._feed_rest(data)
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            fault = UpstreamFaultError(f"malformed response: {error}")
            self.fail(fault)
            raise fault from error
        if self.answered and not self.complete and self.length is not None:
            self._left = self.length - self._size - self._taken

    def _feed_rest(self, data: bytes) -> None:
        """The rest of a body of known length needs no parser, which would copy it."""
        self._left -= len(data)
        if self._left < 0:
            fault = UpstreamFaultError("malformed response: more than its Content-Length")
            self.fail(fault)
            raise fault
        self.on_body(data)
        if not self._left:
            self._end()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a field, or learn the framing from it."""
        name = name.lower()
        if name not in _DROPPED:
            self.fields.append(b"%b: %b" % (name, value))
        elif name == b"content-length":
            self.length, self._framed = int(value), True
        elif name == b"transfer-encoding":
            self._framed = True

    def on_headers_complete(self) -> None:
        """Wake who waits for the head; an interim one is dropped."""
        self.status = self._parser.get_status_code()
        if self.status < HTTPStatus.OK:
            return
        self.keep_alive = bool(self._parser.should_keep_alive())
        self.answered = True
        bodiless = self._method == "HEAD" or self.status in _BODILESS
        self.until_close = not bodiless and not self._framed
        if self._method == "HEAD":
            # llhttp waits for the body that Content-Length announces; a HEAD response has none (RFC 9110, 9.3.2).
            self.complete = True
        self._wake()

    def on_body(self, body: bytes) -> None:
        """Keep a piece until it is read, and let the upstream wait while there are too many."""
        self._chunks.append(body)
        self._size += len(body)
        if self._size > _HIGH_WATER and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """The body is whole."""
        if self.status < HTTPStatus.OK:  # 100 Continue, 103 Early Hints: the answer is still to come
            self.fields = []
            return
        self._end()

    def lost(self) -> None:
        """The connection is gone: that ends a body without framing, and breaks every other."""
        if self.complete:
            return
        if self.until_close:
            self._end()
        else:
            self.fail(UpstreamFaultError("the upstream closed the connection"))

    def fail(self, error: Exception) -> None:
        """Tell whoever reads that no more comes."""
        self._error = self._error or error
        self._wake()

    def _end(self) -> None:
        self.complete = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- read -----------------------------------------------------------------------------------------------------

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

    @property
    def headers(self) -> Headers:
        """The fields that are passed on, decoded; names in lower case."""
        pairs = (field.decode("utf-8", "surrogateescape").partition(": ") for field in self.fields)
        return tuple((name, value) for name, _, value in pairs)

    def whole(self) -> bytes | None:
        """The complete body when it is all here already, which saves a chunked hop for small answers."""
        if not self.complete:
            return None
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._flow()
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece.

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
            if self.complete:
                return
            await self._wait()

    def _flow(self) -> None:
        """Let the upstream go on; a connection that stayed paused would never answer its next request."""
        if self._paused and self._size <= _HIGH_WATER // 2 and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
