"""The gate's HTTP/1.1 server: framing, limits and hygiene; what a request means is the pipeline's business.

llhttp (through httptools) parses. The rules refused here with a plain 400 are those of the issue of smuggling: one
meaning for each request, or none (RFC 9112, 3.2, 6.3 and 11.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import httptools

from sandgate.gate.exchange import ClientGoneError, Exchange
from sandgate.wire.http import Request, Response

__all__ = ["Connection", "Handler"]

Handler = Callable[[Exchange], Awaitable[None]]

MAX_HEAD = 64 * 1024
MAX_HEADERS = 200
_DRAIN_BYTES = 1024 * 1024
"""How much of a refused request's body is read and dropped, so that the client sees the answer and not a reset."""

_ONCE = frozenset(
    {
        "host",
        "authorization",
        "content-length",
        "transfer-encoding",
        "content-type",
        "expect",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "x-amz-target",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-copy-source",
        "range",
    }
)


class Connection(asyncio.Protocol):
    """One client connection; requests on it are answered one after the other."""

    def __init__(self, handler: Handler, *, label: str, open_connections: set[Connection]) -> None:
        self._handler = handler
        self._label = label
        self._all = open_connections
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._head_size = 0
        self._in_head = True
        self._current: Exchange | None = None
        self._waiting: Exchange | None = None
        self._receiving: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._resume: asyncio.Future[None] | None = None
        self._discarded = 0
        self._closing = False
        self._broken = False

    # -- transport ------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports are duck-typed, not subclasses
        self._transport = cast("asyncio.Transport", transport)
        self._all.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever is in an exchange that the client left."""
        self._all.discard(self)
        for exchange in (self._current, self._waiting):
            if exchange is not None:
                exchange.fail(ClientGoneError())
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse; every fault of grammar is one plain 400."""
        if self._broken:
            return
        if self._in_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._refuse(*(cause.args if isinstance(cause, _HygieneError) else (400, "malformed request")))
        except httptools.HttpParserError:
            self._refuse(400, "malformed request")
        if self._in_head and self._head_size > MAX_HEAD and not self._broken:
            self._refuse(431, f"request head over {MAX_HEAD} bytes")

    def eof_received(self) -> bool:
        """A half-closed client still gets its answer; an idle one is closed."""
        if self._receiving is not None and not self._receiving.complete:
            self._receiving.fail(ClientGoneError())
        return self._current is not None

    def pause_writing(self) -> None:
        """The client reads slowly."""
        if self._resume is None:
            self._resume = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The client caught up."""
        if self._resume is not None:
            if not self._resume.done():
                self._resume.set_result(None)
            self._resume = None

    # -- parser ---------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Start a new head."""
        self._url = b""
        self._headers = []
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        """Collect the target, which may come in pieces."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        if len(self._headers) >= MAX_HEADERS:
            raise _HygieneError(431, f"more than {MAX_HEADERS} header fields")
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Check the head and hand it to the pipeline, before the body has come."""
        self._in_head = False
        self._head_size = 0
        parser = self._parser
        if parser.should_upgrade():
            raise _HygieneError(400, "protocol upgrades (WebSocket, HTTP/2, CONNECT) are not supported by this gate")
        request = _checked(parser.get_method().decode("ascii"), self._url, self._headers)
        keep = bool(parser.should_keep_alive()) and not self._closing
        if parser.get_http_version() == "1.0":
            keep = False
        assert self._transport is not None
        exchange = Exchange(request, self._transport, label=self._label, keep_alive=keep, drain=lambda: self._resume)
        self._receiving = exchange
        self._discarded = 0
        if self._current is None:
            self._begin(exchange)
        elif self._waiting is None:
            self._waiting = exchange
            self._transport.pause_reading()
        else:
            raise _HygieneError(400, "too many pipelined requests")

    def on_body(self, body: bytes) -> None:
        """Pass the body on, or drop it once its request is answered."""
        exchange = self._receiving
        if exchange is None:
            return
        if exchange is self._current or exchange is self._waiting:
            exchange.feed(body)
            return
        self._discarded += len(body)
        if self._discarded > _DRAIN_BYTES and self._transport is not None:
            self._transport.close()

    def on_message_complete(self) -> None:
        """The body is whole."""
        exchange, self._receiving = self._receiving, None
        self._in_head = True
        if exchange is None:
            return
        exchange.feed_eof()
        if exchange is not self._current and exchange is not self._waiting and not exchange.keep_alive:
            self._close()

    # -- exchanges ------------------------------------------------------------------------------------------------

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        self._task = asyncio.get_running_loop().create_task(self._serve(exchange))

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._handler(exchange)
        except ClientGoneError:
            exchange.abort()
        finally:
            self._done(exchange)

    def _done(self, exchange: Exchange) -> None:
        self._current = None
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._closing or (exchange.complete and not exchange.keep_alive):
            self._close()
            return
        following, self._waiting = self._waiting, None
        transport.resume_reading()
        if following is not None:
            self._begin(following)

    def drain(self) -> None:
        """Close when idle, else after the exchange in flight."""
        self._closing = True
        if self._current is None:
            self._close()

    @property
    def busy(self) -> bool:
        """Whether an exchange is in flight."""
        return self._current is not None

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _refuse(self, status: int, text: str) -> None:
        self._broken = True
        if self._receiving is not None:
            self._receiving.fail(ClientGoneError())
        if self._transport is None or self._current is not None:
            self._close()
            return
        body = f"sandgate: {text}\n".encode()
        answer = Exchange(
            Request.of("GET", "/", ()), self._transport, label=self._label, keep_alive=False, drain=lambda: None
        )
        answer.respond(Response(status, (("content-type", "text/plain"),), body))
        self._close()


class _HygieneError(Exception):
    """A head that is grammatical but has more than one meaning: status, text."""


def _checked(method: str, url: bytes, headers: list[tuple[str, str]]) -> Request:
    """The request, or a refusal with the reason."""
    if not url.startswith(b"/"):
        raise _HygieneError(400, "absolute-form, authority-form and asterisk-form targets are not accepted")
    if b"#" in url:
        raise _HygieneError(400, "a request target has no fragment")
    try:
        target = url.decode("ascii")
    except UnicodeDecodeError:
        raise _HygieneError(400, "the request target must be percent-encoded ASCII") from None
    request = Request.of(method, target, headers)
    seen: set[str] = set()
    for name, _value in request.headers:
        if name in _ONCE:
            if name in seen:
                raise _HygieneError(400, f"header {name} is repeated")
            seen.add(name)
    if "host" not in seen:
        raise _HygieneError(400, "no Host header")
    if "content-length" in seen and "transfer-encoding" in seen:
        raise _HygieneError(400, "both Content-Length and Transfer-Encoding")
    encoding = request.fields.get("transfer-encoding")
    if encoding is not None and encoding.lower() != "chunked":
        raise _HygieneError(501, "only the chunked transfer coding is supported")
    if "content-length" in seen and not request.fields["content-length"].isdecimal():
        raise _HygieneError(400, "Content-Length is not a number")
    return request
