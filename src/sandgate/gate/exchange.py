"""A request and the way to answer it, as the pipeline sees one exchange on a client connection."""

from __future__ import annotations

import asyncio

from sandgate.gate.arriving import Arriving, ClientGoneError, Side
from sandgate.gate.heads import FRAMING, NO_BODY, response_head
from sandgate.wire.http import Request, Response

__all__ = ["Exchange"]


class Exchange(Arriving):
    """A request whose body may still be arriving, and the way to answer it; answers are streams with back-pressure.

    Args:
        request: its head.
        side: the connection.
        label: worker whose port the connection came to.
        keep_alive: whether the connection may be used again afterwards.
        http10: whether the client knows no chunks.
    """

    __slots__ = ("_chunked", "_http10", "at_once", "bytes_out", "started")

    def __init__(self, request: Request, side: Side, *, label: str, keep_alive: bool, http10: bool = False) -> None:
        super().__init__(request, side, label=label, keep_alive=keep_alive)
        self.at_once = False
        """Whether nothing that is still to be done in the turn of the answer must come before it."""
        self.started = False
        self.bytes_out = 0
        self._http10 = http10
        self._chunked = False

    def respond(self, response: Response) -> None:
        """Send a whole small response; Content-Length is made here."""
        if self._gone:
            return
        has_body = self.request.method != "HEAD" and response.status not in NO_BODY
        fields = [
            f"{name}: {value}".encode("utf-8", "surrogateescape")
            for name, value in response.headers
            if name.lower() not in FRAMING
        ]
        length = next((v for n, v in response.headers if n.lower() == "content-length"), "")
        if response.status not in NO_BODY:
            fields.append(f"content-length: {len(response.body) if has_body or not length else length}".encode())
        self._end_fields(fields)
        self.started = True
        payload = response.body if has_body else b""
        self.bytes_out += len(payload)
        self._side.transport.write(response_head(response.status, fields) + payload)

    def start(self, status: int, fields: list[bytes], *, length: int | None, first: bytes = b"") -> None:
        """Send the head of a streamed response, with the first piece of its body in the same packet.

        Args:
            status: HTTP status.
            fields: `name: value`, without framing; framing is made anew.
            length: bytes of the body when known, else it goes chunked, or ends with the connection for HTTP/1.0.
            first: body bytes that are already here.

        Raises:
            ClientGoneError: the client left.
        """
        if self._gone:
            raise ClientGoneError
        if length is not None:
            fields.append(b"content-length: %d" % length)
        elif self._http10:
            self.keep_alive = False
        elif status not in NO_BODY:
            self._chunked = True
            fields.append(b"transfer-encoding: chunked")
        self._end_fields(fields)
        self.started = True
        data = response_head(status, fields)
        if first and self.request.method != "HEAD":
            self.bytes_out += len(first)
            data += b"%x\r\n%b\r\n" % (len(first), first) if self._chunked else first
        if self.at_once:
            self._side.send(data)
        else:
            self._side.transport.write(data)

    @property
    def unsent(self) -> int:
        """How many of the bytes that were written last are not with the kernel yet, so that their memory is in use."""
        return self._side.transport.get_write_buffer_size()

    async def write(self, data: bytes | memoryview) -> None:
        """Send a piece of the body and wait while the client is slow.

        Args:
            data: not to be changed while `unsent`.

        Raises:
            ClientGoneError: the client left.
        """
        self.put(data)
        waiting = self.drained()
        if waiting is not None:
            await waiting

    def drained(self) -> asyncio.Future[None] | None:
        """Done when the client has caught up; None when it has."""
        return self._side.drained()

    def put(self, data: bytes | memoryview) -> None:
        """Send a piece of the body.

        Raises:
            ClientGoneError: the client left.
        """
        if self._gone:
            raise ClientGoneError
        if data and self.request.method != "HEAD":
            self.bytes_out += len(data)
            self._side.transport.write(b"%x\r\n%b\r\n" % (len(data), bytes(data)) if self._chunked else data)

    @property
    def lendable(self) -> bool:
        """Whether somebody else may answer on the connection's own socket: nothing is on its way, in or out."""
        return self._complete and not self.unsent and not self._side.transport.get_extra_info("sslcontext")

    def lend(self, status: int, fields: list[bytes], *, length: int) -> tuple[bytes, int]:
        """Begin a response that somebody else sends.

        Args:
            status: HTTP status.
            fields: `name: value`, without framing; framing is made anew.
            length: bytes of the body.

        Returns:
            The head, and the descriptor of the connection's socket.

        Raises:
            ClientGoneError: the client left.
        """
        if self._gone:
            raise ClientGoneError
        fields.append(b"content-length: %d" % length)
        self._end_fields(fields)
        self.started = True
        return response_head(status, fields), int(self._side.transport.get_extra_info("socket").fileno())

    async def outlast(self, told: asyncio.Future[None]) -> None:
        """Wait until somebody else has answered.

        Args:
            told: done then.

        Raises:
            ClientGoneError: the client left before.
        """
        self._waiter = told
        await told
        if self._gone:
            raise ClientGoneError

    def finish(self) -> None:
        """End a streamed response."""
        if self._chunked and self.request.method != "HEAD" and not self._gone:
            self._side.transport.write(b"0\r\n\r\n")

    def abort(self) -> None:
        """Cut the connection: the response cannot be completed, and the client must notice."""
        self._side.transport.abort()

    def _end_fields(self, fields: list[bytes]) -> None:
        if not self.keep_alive or not self._complete:
            self.keep_alive = False
            fields.append(b"connection: close")
