"""One request and its response on a client connection, as the pipeline sees it.

Bodies are streams with back-pressure in both directions; nothing here holds more than the high-water mark.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

from sandgate.wire.http import Headers, Request, Response, WireError

__all__ = ["BodyTooLargeError", "ClientGoneError", "Exchange", "head_bytes"]

HIGH_WATER = 256 * 1024
_NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class ClientGoneError(Exception):
    """The client closed its connection before the exchange was over."""


class BodyTooLargeError(WireError):
    """A body that must be held whole is over the limit."""


def head_bytes(status: int, headers: Headers) -> bytes:
    """Status line and header fields, ready to send (RFC 9112, 4 and 5)."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Exchange:
    """A request whose body may still be arriving, and the way to answer it."""

    __slots__ = (
        "_chunked",
        "_chunks",
        "_complete",
        "_continue",
        "_drain",
        "_error",
        "_size",
        "_transport",
        "_waiter",
        "bytes_in",
        "bytes_out",
        "keep_alive",
        "label",
        "request",
        "started",
    )

    def __init__(
        self,
        request: Request,
        transport: asyncio.Transport,
        *,
        label: str,
        keep_alive: bool,
        drain: Callable[[], asyncio.Future[None] | None],
    ) -> None:
        self.request = request
        self.label = label
        """Worker whose port the connection came to."""
        self.keep_alive = keep_alive
        self.started = False
        self.bytes_in = 0
        self.bytes_out = 0
        self._transport = transport
        self._drain = drain
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._complete = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._chunked = False
        self._continue = request.fields.get("expect", "").lower() == "100-continue"

    # -- fed by the connection ------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take a piece of the body from the parser."""
        self._chunks.append(data)
        self._size += len(data)
        self.bytes_in += len(data)
        if self._size > HIGH_WATER:
            self._transport.pause_reading()
        self._wake()

    def feed_eof(self) -> None:
        """Note that the body is complete."""
        self._complete = True
        self._wake()

    def fail(self, error: Exception) -> None:
        """Break whoever reads or writes: the connection is gone or malformed."""
        self._error = self._error or error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- read -----------------------------------------------------------------------------------------------------

    @property
    def complete(self) -> bool:
        """Whether the whole body has arrived (not: has been read)."""
        return self._complete

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body piece by piece.

        Raises:
            ClientGoneError: the client left before the end.
        """
        while True:
            while self._chunks:
                data = self._chunks.popleft()
                self._size -= len(data)
                if self._size <= HIGH_WATER // 2 and not self._transport.is_closing():
                    self._transport.resume_reading()
                yield data
            if self._complete:
                return
            if self._error is not None:
                raise self._error
            self._allow_body()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    async def body(self, limit: int) -> bytes:
        """The whole body, held in memory.

        Args:
            limit: bytes; more is refused with 413.
        """
        declared = self.request.fields.get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            raise BodyTooLargeError("RequestEntityTooLarge", f"body over the limit of {limit} bytes", status=413)
        if self._complete and len(self._chunks) <= 1:
            self._size = 0
            return self._chunks.popleft() if self._chunks else b""
        parts: list[bytes] = []
        size = 0
        async for data in self.chunks():
            size += len(data)
            if size > limit:
                raise BodyTooLargeError("RequestEntityTooLarge", f"body over the limit of {limit} bytes", status=413)
            parts.append(data)
        return b"".join(parts)

    def _allow_body(self) -> None:
        """Answer `Expect: 100-continue` once somebody wants the body; a silent server costs the client a second."""
        if self._continue:
            self._continue = False
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # -- write ----------------------------------------------------------------------------------------------------

    def respond(self, response: Response) -> None:
        """Send a whole small response; Content-Length is made here."""
        if self._error is not None:
            return
        has_body = self.request.method != "HEAD" and response.status not in _NO_BODY
        headers = [
            (n, v)
            for n, v in response.headers
            if n.lower() not in ("content-length", "connection", "transfer-encoding")
        ]
        length = next((v for n, v in response.headers if n.lower() == "content-length"), "")
        if response.status not in _NO_BODY:
            headers.append(("content-length", str(len(response.body)) if has_body or not length else length))
        self._finish_headers(headers)
        self.started = True
        payload = response.body if has_body else b""
        self.bytes_out += len(payload)
        self._transport.write(head_bytes(response.status, tuple(headers)) + payload)

    def start(self, status: int, headers: list[tuple[str, str]], *, length: int | None, first: bytes = b"") -> None:
        """Send the head of a streamed response, with the first piece of its body in the same packet.

        Args:
            status: HTTP status.
            headers: without framing; framing is made anew.
            length: bytes of the body when known, else it goes chunked (or ends with the connection for HTTP/1.0).
            first: body bytes that are already here.
        """
        if length is not None:
            headers.append(("content-length", str(length)))
        elif status not in _NO_BODY:
            self._chunked = True
            headers.append(("transfer-encoding", "chunked"))
        self._finish_headers(headers)
        self.started = True
        data = head_bytes(status, tuple(headers))
        if first and self.request.method != "HEAD":
            self.bytes_out += len(first)
            data += b"%x\r\n%b\r\n" % (len(first), first) if self._chunked else first
        self._transport.write(data)

    async def write(self, data: bytes) -> None:
        """Send a piece of the body and wait while the client is slow.

        Raises:
            ClientGoneError: the client left.
        """
        if self._error is not None:
            raise self._error
        if data and self.request.method != "HEAD":
            self.bytes_out += len(data)
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        waiting = self._drain()
        if waiting is not None:
            await waiting
            if self._error is not None:
                raise self._error

    def finish(self) -> None:
        """End a streamed response."""
        if self._chunked and self.request.method != "HEAD" and self._error is None:
            self._transport.write(b"0\r\n\r\n")

    def abort(self) -> None:
        """Cut the connection: the response cannot be completed, and the client must notice."""
        self._transport.abort()

    def _finish_headers(self, headers: list[tuple[str, str]]) -> None:
        if not self.keep_alive or not self._complete:
            self.keep_alive = False
            headers.append(("connection", "close"))
