"""A client connection: order, patience and the end; what a request means is the pipeline's business.

Below the HTTP grammar every fault is one plain 400, after what came before is answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from sandgate.gate.arriving import HIGH_WATER, ClientGoneError
from sandgate.gate.exchange import Exchange
from sandgate.gate.framing import Framing
from sandgate.gate.hygiene import HygieneError
from sandgate.gate.sending import descriptor_of, send
from sandgate.wire.http import Request, Response, WireError

__all__ = ["Connection", "Handler"]

Handler = Callable[[Exchange], Awaitable[None]]

_MAX_PIPELINED = 256
_STALL_SECONDS = 60.0
"""How long a request may stand still half-sent."""
_LINGER_SECONDS = 30.0
"""How long the rest of a refused request is read and dropped, so that the client sees the answer and not a reset."""


class Connection(asyncio.Protocol):
    """One client connection; requests on it are answered one after the other.

    Args:
        handler: answers an exchange.
        label: worker whose port this is.
        open_connections: all of them, for draining.
        stall_seconds: how long a request may stand still half-sent.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        label: str,
        open_connections: set[Connection],
        stall_seconds: float = _STALL_SECONDS,
    ) -> None:
        self._handler = handler
        self._label = label
        self._all = open_connections
        self._stall_seconds = stall_seconds
        self._loop = asyncio.get_running_loop()
        self._framing = Framing(self._queue)
        self._transport: asyncio.Transport | None = None
        self._descriptor = -1
        self._current: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._refusal: HygieneError | None = None
        self._task: asyncio.Task[None] | None = None
        self._resume: asyncio.Future[None] | None = None
        self._paused = False
        self._lent = False
        self._closing = False
        self._when_done: Callable[[], None] | None = None
        self._broken = False
        self._last = self._loop.time()
        self._linger_until = 0.0

    # -- transport ------------------------------------------------------------------------------------------------

    @property
    def transport(self) -> asyncio.Transport:
        """Where responses go."""
        assert self._transport is not None
        return self._transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports are duck-typed, not subclasses
        self._transport = cast("asyncio.Transport", transport)
        self._descriptor = descriptor_of(transport)
        self._all.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Tell whoever is in an exchange that the client left."""
        self._all.discard(self)
        if self._current is not None:
            self._current.leave()
        self._waiting.clear()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse; every fault of grammar is one plain 400."""
        if self._broken:
            return
        self._last = self._loop.time()
        try:
            self._framing.feed(data)
        except HygieneError as refusal:
            self._refuse(refusal)
        if self._linger_until and not self._framing.in_message:
            self.transport.close()
        self.flow()

    def eof_received(self) -> bool:
        """A half-closed client still gets its answers; an idle one is closed."""
        self._closing = True
        if self._framing.receiving is not None:
            text = "The request body ended before its announced length."
            self._framing.receiving.fail(WireError("IncompleteBody", text))
        return (self._current is not None) and not self._linger_until

    def pause_writing(self) -> None:
        """The client reads slowly."""
        if self._resume is None:
            self._resume = self._loop.create_future()

    def resume_writing(self) -> None:
        """The client caught up, or left."""
        if self._resume is not None:
            if not self._resume.done():
                self._resume.set_result(None)
            self._resume = None

    def drained(self) -> asyncio.Future[None] | None:
        """Done when the client has caught up; None when it has."""
        return self._resume

    def send(self, data: bytes) -> None:
        """Write at once, where that goes."""
        send(self.transport, self._descriptor, data)

    def flow(self) -> None:
        """Read no more while a body waits to be read, or requests wait for their turn."""
        receiving = self._framing.receiving
        buffered = receiving.buffered if receiving is not None else 0
        wanted = not self._lent and not self._waiting and buffered <= (HIGH_WATER // 2 if self._paused else HIGH_WATER)
        if wanted == self._paused and not self.transport.is_closing():
            self._paused = not wanted
            if wanted:
                self._last = self._loop.time()
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def stop_reading(self) -> None:
        """Leave what has not been read to somebody else."""
        self._lent = True
        self.flow()

    def read_on(self, *, whole: bool) -> None:
        """Go on; `whole` when somebody else has read the rest of the body."""
        self._lent = False
        if whole:
            self._framing.skip_rest()
        if not self.transport.is_closing():
            self.flow()

    # -- exchanges ------------------------------------------------------------------------------------------------

    def _queue(self, request: Request, keep_alive: bool, http10: bool) -> Exchange:  # noqa: FBT001 - called by position
        """Take a request whose head is complete: it begins at once, or when those before it are answered."""
        keep_alive = keep_alive and not self._closing
        if self._linger_until:
            raise HygieneError(400, "a request behind a close")
        if len(self._waiting) >= _MAX_PIPELINED:
            raise HygieneError(400, "too many pipelined requests")
        exchange = Exchange(request, self, label=self._label, keep_alive=keep_alive, http10=http10)
        if self._current is None:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
        return exchange

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        exchange.welcome()
        self._task = self._loop.create_task(self._serve(exchange))

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._handler(exchange)
        except ClientGoneError:
            exchange.abort()
        finally:
            self._done(exchange)

    def _done(self, exchange: Exchange) -> None:
        """Go on with what waits, or end the connection as its last answer said."""
        self._current = None
        self._lent = False  # also where nobody came to read what was left to them
        if self._when_done is not None:
            self._when_done()
        if self.transport.is_closing():
            return
        if not exchange.complete:
            self._linger()
        elif self._waiting and exchange.keep_alive:
            self._begin(self._waiting.popleft())
            self.flow()
        elif self._refusal is not None and exchange.keep_alive:
            self._answer_refusal(self._refusal)
        elif self._closing or not exchange.keep_alive:
            self.transport.close()

    def drain(self, when_done: Callable[[], None]) -> None:
        """Close when idle, else after the exchange in flight.

        Args:
            when_done: called when that is over.
        """
        self._closing = True
        self._when_done = when_done
        if self._current is None:
            self.transport.close()
        else:
            self._current.keep_alive = False

    @property
    def busy(self) -> bool:
        """Whether an exchange is in flight."""
        return self._current is not None

    # -- the end --------------------------------------------------------------------------------------------------

    def check_patience(self, now: float) -> None:
        """End what stands still: half a request, or the unwanted rest of a refused one.

        Args:
            now: the loop's time; called about once a second.
        """
        if self._linger_until:
            if now > self._linger_until:
                self.transport.abort()
        elif self._framing.in_message and not self._paused and now - self._last > self._stall_seconds:
            if self._framing.receiving is not None:
                text = "The rest of the request body did not come in time."
                self._framing.receiving.fail(WireError("RequestTimeout", text, status=408))
            elif not self._broken:
                self._refuse(HygieneError(408, "the rest of the request head did not come in time"))

    def _refuse(self, refusal: HygieneError) -> None:
        """No more is read of this connection; what came before is answered first."""
        self._broken = True
        if self._linger_until:  # RFC 9112, 9.6: what comes behind a close is not processed, and cannot be answered
            self.transport.close()
            return
        receiving, self._framing.receiving = self._framing.receiving, None
        if receiving is None:
            self._refusal = refusal
            if self._current is None:
                self._answer_refusal(refusal)
        elif receiving.started:
            self.transport.abort()
        else:
            receiving.fail(WireError("InvalidRequest", f"The request body is malformed: {refusal.text}."))

    def _answer_refusal(self, refusal: HygieneError) -> None:
        body = f"sandgate: {refusal.text}\n".encode()
        answer = Exchange(Request.of("GET", "/", ()), self, label=self._label, keep_alive=False)
        answer.respond(Response(refusal.status, (("content-type", "text/plain; charset=utf-8"),), body))
        self._linger()

    def _linger(self) -> None:
        """Say that no more comes, and read for a while, as unread bytes would turn the close into a reset."""
        self._linger_until = self._loop.time() + _LINGER_SECONDS
        self._waiting.clear()
        self._framing.receiving = None
        if self._closing or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow()
