"""A response of an upstream as its connection takes it off the wire: head, framing, and memory for its body."""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from typing import Protocol

import httptools

from sandgate.gate.headers import HOP_BY_HOP

__all__ = ["READ_SIZE", "Receiving", "Sink", "UpstreamFaultError"]

_DROPPED = frozenset(name.encode() for name in HOP_BY_HOP)
_HIGH_WATER = 256 * 1024
READ_SIZE = 256 * 1024
"""Bytes that are taken off the wire at once."""
_SPARE = 3
"""Buffers that a connection keeps: one being filled, one waiting, one on its way to the client."""
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class UpstreamFaultError(Exception):
    """The upstream broke a connection or did not answer; it may recover."""


class Sink(Protocol):
    """Where a body goes: the client's side of an exchange."""

    @property
    def unsent(self) -> int:
        """Bytes, from the last one back, that are not written yet."""

    def put(self, data: bytes | memoryview) -> None:
        """Write a piece, whose memory stays as it is while it is unsent."""

    def drained(self) -> asyncio.Future[None] | None:
        """Done when the reader has caught up; None when it has."""


class Receiving:
    """What a connection feeds, for all its requests: making a parser is a fifth of what a small answer costs.

    Args:
        transport: paused while too much waits.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._spare: list[bytearray] = []
        """Buffers that nobody reads or writes; a buffer of this size costs more to make than to fill."""
        self._parser: httptools.HttpResponseParser | None = None
        self.begin("")
        self.complete = True  # nothing was asked, so nothing may come

    def begin(self, method: str) -> None:
        """Forget the last response, and wait for the next.

        Args:
            method: of the request; the answer to HEAD has no body.
        """
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
        self._method = method
        self._framed = False
        self._chunks: deque[bytes | memoryview] = deque()
        self._size = 0
        self._taken = 0
        """Bytes of the body that were read; those that wait are `_size`."""
        self._left = 0
        """Bytes of the body that are still to come and need no parser."""
        self._paused = False
        self._sink: Sink | None = None
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._lent: list[memoryview] = []
        """Pieces that were handed on, in order, and may still be on their way out."""

    def buffer(self) -> bytearray:
        """Where the next bytes off the wire shall go."""
        if not self._spare:
            self._spare.append(bytearray(READ_SIZE))
        return self._spare[-1]

    def feed(self, size: int) -> None:
        """Take bytes off the wire: as many as were put into the last `buffer`.

        Raises:
            UpstreamFaultError: they are no HTTP response.
        """
        self.received = True
        data = memoryview(self._spare[-1])[:size]
        if self._left:
            self._spare.pop()  # it is lent until whoever reads the body says that it is out
            self._feed_rest(data)
            return
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            fault = UpstreamFaultError(f"malformed response: {error}")
            self.fail(fault)
            raise fault from error
        if self.answered and not self.complete and self.length is not None:
            self._left = self.length - self._size - self._taken
            self._parser = None  # it never sees the end of this body, so it cannot read the next head

    def _feed_rest(self, data: memoryview) -> None:
        """The rest of a body of known length needs no parser, which would copy it."""
        self._left -= len(data)
        if self._left < 0:
            fault = UpstreamFaultError("malformed response: more than its Content-Length")
            self.fail(fault)
            raise fault
        if self._sink is None:
            self.on_body(data)
        else:
            self._pour(data, self._sink)
        if not self._left:
            self._end()

    def _pour(self, piece: memoryview, sink: Sink) -> None:
        """Pass a piece on at once: to wake a reader for each costs more than to write it."""
        self._taken += len(piece)
        self.reclaim(sink.unsent)
        try:
            sink.put(piece)
        except Exception as error:  # noqa: BLE001 - it is raised where the reader waits
            self.fail(error)
            return
        self._lent.append(piece)
        if not self._paused and sink.drained() is not None:
            self._paused = True
            self._transport.pause_reading()
            self._wake()

    def on_message_begin(self) -> None:
        """Take one answer to one request."""
        if self.complete:
            raise UpstreamFaultError("malformed response: more than one answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a field, or learn the framing from it; one behind a body is part of its framing (RFC 9110, 6.5.1)."""
        if self.answered:
            return
        name = name.lower()
        if name not in _DROPPED:
            self.fields.append(b"%b: %b" % (name, value))
        elif name == b"content-length":
            self.length, self._framed = int(value), True
        elif name == b"transfer-encoding":
            self._framed = True

    def on_headers_complete(self) -> None:
        """Wake who waits for the head; an interim one is dropped."""
        assert self._parser is not None
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
            self._parser = None
        self._wake()

    def on_body(self, body: bytes | memoryview) -> None:
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

    def reclaim(self, unsent: int) -> None:
        """Fill the memory of pieces again that `chunks` has given and that are written.

        Args:
            unsent: how many bytes, from the last one back, are not written yet.
        """
        first = len(self._lent)
        while first and unsent > 0:
            first -= 1
            unsent -= len(self._lent[first])
        for piece in self._lent[:first]:
            if len(self._spare) < _SPARE and isinstance(piece.obj, bytearray):
                self._spare.append(piece.obj)
        del self._lent[:first]

    def _flow(self) -> None:
        """Let the upstream go on; a connection that stayed paused would never answer its next request."""
        if self._paused and self._size <= _HIGH_WATER // 2 and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
