"""Bytes of a client connection to requests: llhttp (through httptools) parses, and what it holds is bounded."""

from __future__ import annotations

from collections.abc import Callable

import httptools

from sandgate.gate.exchange import Exchange
from sandgate.gate.hygiene import UPGRADES, HygieneError, checked_request
from sandgate.wire.http import Request

__all__ = ["MAX_HEAD", "MAX_HEADERS", "Framing"]

MAX_HEAD = 64 * 1024
MAX_HEADERS = 200


class Framing:
    """Takes bytes, makes heads, and feeds bodies to their exchanges.

    Args:
        begin: takes a request, whether the connection may be used again, and whether the client knows no chunks;
            gives the exchange that the body goes to, or raises HygieneError.
    """

    def __init__(self, begin: Callable[[Request, bool, bool], Exchange]) -> None:
        self.receiving: Exchange | None = None
        """Whose body is arriving; None between requests, and when nobody wants the rest."""
        self.in_message = False
        """Whether a request has begun and is not complete."""
        self._begin = begin
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._unread = 0
        """Bytes since the last one that a body or a complete head was made of: bounds heads, trailers, extensions."""
        self._left = 0
        """Bytes of the body that are still to come and need no parser."""

    def feed(self, data: bytes) -> None:
        """Take bytes.

        Raises:
            HygieneError: they are no HTTP/1.1, or have more than one meaning; no more may be fed.
        """
        if self._left:
            data = self._take_rest(data)
        if data:
            self._parse(data)

    def _take_rest(self, data: bytes) -> bytes:
        """The rest of a body of known length needs no parser, which would copy it; returns what comes after."""
        mine, after = (data, b"") if len(data) <= self._left else (data[: self._left], data[self._left :])
        self._left -= len(mine)
        self.on_body(mine)
        if not self._left:
            self._parser = httptools.HttpRequestParser(self)
            self.on_message_complete()
        return after

    def skip_rest(self) -> None:
        """Take the rest of a body of known length as read."""
        self._left = 0
        self._parser = httptools.HttpRequestParser(self)
        self.on_message_complete()

    def _parse(self, data: bytes) -> None:
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise HygieneError(400, UPGRADES) from None
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            raise (cause if isinstance(cause, HygieneError) else HygieneError(400, "malformed request")) from None
        except httptools.HttpParserError:
            raise HygieneError(400, UPGRADES if self._url == b"*" else "malformed request") from None
        if self._unread > MAX_HEAD:
            raise HygieneError(431, f"request head or chunk header over {MAX_HEAD} bytes")
        if self.receiving is not None:
            self._left = max(0, self.receiving.announced - self.receiving.bytes_in)

    # -- called by the parser -------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Start a new head."""
        self._url = b""
        self._headers = []
        self._head_size = 0
        self.in_message = True

    def on_url(self, url: bytes) -> None:
        """Collect the target, which may come in pieces."""
        self._url += url
        self._head_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a field, or a trailer, which nobody reads."""
        self._head_size += len(name) + len(value)
        if len(self._headers) >= MAX_HEADERS or self._head_size > MAX_HEAD:
            raise HygieneError(431, f"request head over {MAX_HEAD} bytes or {MAX_HEADERS} fields")
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Check the head and hand it on, before the body has come."""
        self._unread = 0
        parser = self._parser
        if parser.should_upgrade():
            raise HygieneError(400, UPGRADES)
        version = parser.get_http_version()
        request = checked_request(parser.get_method().decode("ascii"), version, self._url, self._headers)
        keep_alive = version == "1.1" and bool(parser.should_keep_alive())
        self.receiving = self._begin(request, keep_alive, version == "1.0")

    def on_body(self, body: bytes) -> None:
        """Pass the body on, or drop it when nobody wants it."""
        self._unread = 0
        if self.receiving is not None:
            self.receiving.feed(body)

    def on_message_complete(self) -> None:
        """The body is whole."""
        exchange, self.receiving = self.receiving, None
        self.in_message = False
        self._unread = 0
        if exchange is not None:
            exchange.feed_eof()
