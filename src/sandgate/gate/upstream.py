"""Connections from the gate to its upstream: pooled, streamed both ways, one retry where a retry is harmless."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import cast

import httptools

from sandgate.wire.http import Headers

__all__ = ["Address", "Pool", "UpstreamDeadError", "UpstreamFaultError", "UpstreamResponse"]

_IDLE_SECONDS = 4.0
"""Idle connections are dropped before uvicorn's keep-alive of five seconds does it under a request."""
_HIGH_WATER = 256 * 1024


class UpstreamFaultError(Exception):
    """The upstream broke a connection or did not answer; it may recover."""


class UpstreamDeadError(Exception):
    """The upstream is gone for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an upstream listens."""

    unix: str = ""
    host: str = ""
    port: int = 0
    tls: str = ""
    """Name that the server's certificate must prove; empty is plain TCP."""


class _Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.address = Address()
        self.idle_since = 0.0
        self._response: UpstreamResponse | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._resume: asyncio.Future[None] | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are duck-typed, not subclasses
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        response = self._response
        if response is not None and not response.complete:
            if response.until_close:
                response.feed_eof()
            else:
                response.fail(UpstreamFaultError("the upstream closed the connection"))
        self.resume_writing()

    def pause_writing(self) -> None:
        if self._resume is None:
            self._resume = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._resume is not None:
            if not self._resume.done():
                self._resume.set_result(None)
            self._resume = None

    def expect(self, method: str) -> UpstreamResponse:
        """Prepare for the response to a request that is about to be sent."""
        assert self.transport is not None
        response = self._response = UpstreamResponse(self.transport, method)
        response.parser = self._parser = httptools.HttpResponseParser(response)
        return response

    async def drained(self) -> None:
        if self._resume is not None:
            await self._resume
        if self.lost:
            raise UpstreamFaultError("the upstream closed the connection")

    def data_received(self, data: bytes) -> None:
        response = self._response
        assert self.transport is not None
        if response is None or response.complete or self._parser is None:
            self.transport.abort()  # bytes that belong to no request: this connection cannot be trusted
            return
        response.received = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            response.fail(UpstreamFaultError(f"malformed response: {error}"))
            self.transport.abort()


class UpstreamResponse:
    """A response whose body may still be arriving."""

    def __init__(self, transport: asyncio.Transport, method: str) -> None:
        self.status = 0
        self.headers: Headers = ()
        self.complete = False
        self.received = False
        self.until_close = False
        self.keep_alive = False
        self._transport = transport
        self._method = method
        self._raw: list[tuple[str, str]] = []
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._head_done = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.parser: httptools.HttpResponseParser | None = None

    # -- parser callbacks -----------------------------------------------------------------------------------------

    def on_status(self, _status: bytes) -> None:
        """The reason phrase is not forwarded."""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._raw.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        assert self.parser is not None
        self.status = self.parser.get_status_code()
        if self.status == HTTPStatus.CONTINUE:
            return
        self.headers = tuple(self._raw)
        self.keep_alive = bool(self.parser.should_keep_alive())
        self._head_done = True
        names = {name for name, _ in self.headers}
        bodiless = self._method == "HEAD" or self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        self.until_close = not bodiless and not names & {"content-length", "transfer-encoding"}
        if self._method == "HEAD":
            # llhttp waits for the body that Content-Length announces; a HEAD response has none (RFC 9110, 9.3.2).
            self.complete = True
        self._wake()

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._size += len(body)
        if self._size > _HIGH_WATER:
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if self.status == HTTPStatus.CONTINUE:
            self._raw = []
            self.status = 0
            return
        self.feed_eof()

    def feed_eof(self) -> None:
        self.complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    # -- read -----------------------------------------------------------------------------------------------------

    async def head(self) -> None:
        """Wait until status and headers are here."""
        while not self._head_done:
            await self._wait()

    @property
    def failed(self) -> bool:
        """Whether the connection broke."""
        return self._error is not None

    def whole(self) -> bytes | None:
        """The complete body when it is all here already, which saves a chunked hop for small answers."""
        if not self.complete:
            return None
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
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
                if self._size <= _HIGH_WATER // 2 and not self._transport.is_closing():
                    self._transport.resume_reading()
                yield data
            if self.complete:
                return
            await self._wait()


class Pool:
    """Idle connections by address.

    Args:
        limit: idle connections kept per address.
        connect_timeout: seconds.
    """

    def __init__(self, *, limit: int = 128, connect_timeout: float = 5.0) -> None:
        self._idle: dict[Address, list[_Connection]] = {}
        self._limit = limit
        self._connect_timeout = connect_timeout

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The system's authorities, or those of SSL_CERT_FILE; read at the first https upstream."""
        return ssl.create_default_context()

    async def send(
        self, address: Address, method: str, head: bytes, body: bytes | AsyncIterator[bytes]
    ) -> tuple[UpstreamResponse, _Connection]:
        """Send a request and wait for the head of its response.

        Args:
            address: where to.
            method: needed to know whether a response has a body.
            head: request line and headers, framing included.
            body: bytes, or an iterator that yields already framed pieces.

        Returns:
            The response and its connection, which the caller gives back with `release`.

        Raises:
            UpstreamFaultError: no connection, or it broke; a request whose body is bytes is tried once more on a
                fresh connection if an idle one turned out to be closed and not a byte of an answer had come.
        """
        for attempt in (0, 1):
            connection, reused = await self._connection(address, fresh=attempt == 1)
            response = connection.expect(method)
            try:
                await self._transmit(connection, response, head, body)
                await response.head()
            except UpstreamFaultError:
                self.discard(connection)
                if reused and isinstance(body, bytes) and not response.received and attempt == 0:
                    continue
                raise
            except BaseException:
                self.discard(connection)
                raise
            return response, connection
        raise AssertionError("unreachable: the second attempt returns or raises")

    async def _transmit(
        self, connection: _Connection, response: UpstreamResponse, head: bytes, body: bytes | AsyncIterator[bytes]
    ) -> None:
        assert connection.transport is not None
        if isinstance(body, bytes):
            connection.transport.write(head + body if len(body) < 65536 else head)
            if len(body) >= 65536:
                connection.transport.write(body)
            return
        connection.transport.write(head)
        async for piece in body:
            if response.received:
                return  # answered early, mostly with an error: the rest of the body is not wanted
            connection.transport.write(piece)
            await connection.drained()

    def release(self, connection: _Connection, response: UpstreamResponse) -> None:
        """Give a connection back; it is kept if the exchange ended cleanly."""
        idle = self._idle.setdefault(connection.address, [])
        if response.complete and response.keep_alive and not connection.lost and len(idle) < self._limit:
            connection.idle_since = time.monotonic()
            idle.append(connection)
        else:
            self.discard(connection)

    def discard(self, connection: _Connection) -> None:
        """Close a connection whose state is not known."""
        if connection.transport is not None:
            connection.transport.abort()

    async def _connection(self, address: Address, *, fresh: bool) -> tuple[_Connection, bool]:
        idle = self._idle.get(address, [])
        horizon = time.monotonic() - _IDLE_SECONDS
        while idle and not fresh:
            connection = idle.pop()
            if not connection.lost and connection.idle_since > horizon:
                return connection, True
            self.discard(connection)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                if address.unix:
                    _, connection = await loop.create_unix_connection(_Connection, address.unix)
                else:
                    _, connection = await loop.create_connection(
                        _Connection,
                        address.host,
                        address.port,
                        ssl=self._tls if address.tls else None,
                        server_hostname=address.tls or None,
                    )
        except (OSError, TimeoutError) as error:
            raise UpstreamFaultError(f"cannot connect: {type(error).__name__}") from error
        connection.address = address
        return connection, False

    def close(self) -> None:
        """Close what is idle."""
        for idle in self._idle.values():
            for connection in idle:
                self.discard(connection)
        self._idle.clear()
