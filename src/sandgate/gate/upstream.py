"""Connections from the gate to its upstream: pooled, streamed both ways, one retry where a retry is harmless."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from functools import cached_property, partial
from typing import NamedTuple, cast

from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.response import UpstreamResponse
from sandgate.gate.sending import descriptor_of, send

__all__ = ["Address", "Pool", "UpstreamConnection"]

_IDLE_SECONDS = 4.0
"""Idle connections are dropped before common servers' keep-alive of five seconds does it under a request."""
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110, 9.2.2."""
_ONE_PACKET = 64 * 1024
"""Bodies up to this many bytes are copied behind their head, which saves a packet."""


class Address(NamedTuple):
    """Where an upstream listens."""

    unix: str = ""
    host: str = ""
    port: int = 0
    tls: str = ""
    """Name that the server's certificate must prove; empty is plain TCP."""


class UpstreamConnection(asyncio.BufferedProtocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self.address = Address()
        self.idle_since = 0.0
        self.lost = False
        self._sent = True
        self._transport: asyncio.Transport | None = None
        self._descriptor = -1
        self._response: UpstreamResponse | None = None
        self._resume: asyncio.Future[None] | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """The connected transport."""
        assert self._transport is not None
        return self._transport

    # -- transport ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports are duck-typed, not subclasses
        self._transport = cast("asyncio.Transport", transport)
        self._descriptor = descriptor_of(transport)
        self._response = UpstreamResponse(self._transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Tell whoever reads or writes."""
        self.lost = True
        if self._response is not None:
            self._response.lost()
        self.resume_writing()

    def pause_writing(self) -> None:
        """The upstream reads slowly."""
        if self._resume is None:
            self._resume = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The upstream caught up."""
        if self._resume is not None:
            if not self._resume.done():
                self._resume.set_result(None)
            self._resume = None

    def get_buffer(self, _sizehint: int) -> bytearray:
        """Bytes are read to where they stay until they are written: a large body is not copied on its way."""
        assert self._response is not None
        return self._response.buffer()

    def buffer_updated(self, size: int) -> None:
        """Feed the response; bytes that belong to no request mean that this connection cannot be trusted."""
        response = self._response
        if response is None or response.complete:
            self.transport.abort()
            return
        try:
            response.feed(size)
        except UpstreamFaultError:
            self.transport.abort()

    # -- one request ----------------------------------------------------------------------------------------------

    async def request(self, method: str, head: bytes, body: bytes | AsyncIterator[bytes]) -> UpstreamResponse:
        """Send a request, and give its response once that has a head.

        Raises:
            UpstreamFaultError: the connection broke.
        """
        response = self._response
        assert response is not None
        response.begin(method)
        if isinstance(body, bytes):
            if len(body) < _ONE_PACKET:
                send(self.transport, self._descriptor, head + body)
            else:
                self.transport.write(head)
                self.transport.write(body)
        else:
            await self._stream(response, head, body)
        await response.head()
        return response

    async def _stream(self, response: UpstreamResponse, head: bytes, body: AsyncIterator[bytes]) -> None:
        self._sent = False
        self.transport.write(head)
        async for piece in body:
            if response.answered:
                return  # answered early, mostly with an error: the rest of the body is not wanted
            self.transport.write(piece)
            if self._resume is not None:
                await self._resume
            if self.lost:
                break
        self._sent = not self.lost

    @property
    def received(self) -> bool:
        """Whether a byte of the answer has come."""
        return self._response is not None and self._response.received

    @property
    def reusable(self) -> bool:
        """Whether the exchange ended cleanly, on both sides."""
        response = self._response
        return response is not None and response.complete and response.keep_alive and self._sent and not self.lost

    def discard(self) -> None:
        """Close a connection whose state is not known."""
        if self._transport is not None:
            self._transport.abort()


class Pool:
    """Idle connections by address.

    Args:
        limit: idle connections kept per address.
        connect_timeout: seconds.
    """

    def __init__(self, *, limit: int = 128, connect_timeout: float = 5.0) -> None:
        self._idle: dict[Address, list[UpstreamConnection]] = {}
        self.fresh: set[Address] = set()
        """Where connections were made anew; emptied by whoever takes note."""
        self._limit = limit
        self._connect_timeout = connect_timeout
        self._trust: ssl.SSLContext | None = None

    def trust(self, context: ssl.SSLContext) -> None:
        """Believe the certificates that the tier believes."""
        self._trust = context

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The tier's, else the system's authorities or those of SSL_CERT_FILE; read at the first https upstream."""
        return self._trust or ssl.create_default_context()

    async def send(
        self, address: Address, method: str, head: bytes, body: bytes | AsyncIterator[bytes]
    ) -> tuple[UpstreamResponse, UpstreamConnection]:
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
                fresh connection if an idle one turned out to be closed and not a byte of an answer had come. Over a
                network, where the request may have arrived all the same, only one that may be repeated (RFC 9110,
                9.2.2).
        """
        idle = self._pop(address)
        if idle is not None:
            try:
                return await idle.request(method, head, body), idle
            except UpstreamFaultError:
                idle.discard()
                if not isinstance(body, bytes) or idle.received or not _repeatable(address, method):
                    raise
            except BaseException:
                idle.discard()
                raise
        fresh = await self._connect(address)
        try:
            return await fresh.request(method, head, body), fresh
        except BaseException:
            fresh.discard()
            raise

    def release(self, connection: UpstreamConnection) -> None:
        """Give a connection back; it is kept if the exchange ended cleanly."""
        idle = self._idle.setdefault(connection.address, [])
        if connection.reusable and len(idle) < self._limit:
            connection.idle_since = time.monotonic()
            idle.append(connection)
        else:
            connection.discard()

    @property
    def unbroken(self) -> bool:
        """Whether every server has a connection that it took before `fresh` was emptied: none has ended since."""
        kept = (any(not connection.lost for connection in idle) for idle in self._idle.values())
        return not self.fresh and all(kept)

    def close(self) -> None:
        """Close what is idle."""
        for idle in self._idle.values():
            for connection in idle:
                connection.discard()
        self._idle.clear()

    def _pop(self, address: Address) -> UpstreamConnection | None:
        idle = self._idle.get(address)
        horizon = time.monotonic() - _IDLE_SECONDS
        while idle:
            connection = idle.pop()
            if not connection.lost and connection.idle_since > horizon:
                return connection
            connection.discard()
        return None

    async def _connect(self, address: Address) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                if address.unix:
                    _, connection = await loop.create_unix_connection(UpstreamConnection, address.unix)
                else:
                    connection = await self._connect_tcp(address)
        except ssl.SSLCertVerificationError as error:
            raise UpstreamFaultError(f"the certificate of {address.tls} is not accepted: {error.reason}") from error
        except (OSError, TimeoutError) as error:
            where = f" to {address.host}" if address.host else ""
            raise UpstreamFaultError(f"cannot connect{where}: {type(error).__name__}") from error
        connection.address = address
        self.fresh.add(address)
        return connection

    async def _connect_tcp(self, address: Address) -> UpstreamConnection:
        """Connect to the first address of the host that answers; names are looked up in a thread."""
        loop = asyncio.get_running_loop()
        look_up = partial(socket.getaddrinfo, address.host, address.port, type=socket.SOCK_STREAM)
        found = await loop.run_in_executor(None, look_up)
        problem: OSError = OSError("no address")
        for *_, (host, port, *_) in found:
            try:
                _, connection = await loop.create_connection(
                    UpstreamConnection,
                    str(host),
                    int(port),
                    ssl=self._tls if address.tls else None,
                    server_hostname=address.tls or None,
                )
            except ssl.SSLError:
                raise
            except OSError as error:
                problem = error
            else:
                return connection
        raise problem


def _repeatable(address: Address, method: str) -> bool:
    """Whether a request that may have arrived can be sent once more."""
    return bool(address.unix) or method in _IDEMPOTENT
