"""HTTP/1.1 on both sides of the front: what arrives is kept as it came, and handed on so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import h11
from tests.sandbox.standin.messages import Answer, Request

__all__ = ["LARGEST", "Upstream", "read", "response"]

LARGEST = 64 * 1024
"""Bytes read at once, and of a head."""
_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length"})


async def read(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """The next request of a connection; `None` at its end."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                writer.write(connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            connection.receive_data(await reader.read(LARGEST))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
            return Request(
                method=head.method.decode(), target=head.target.decode("latin-1"), headers=headers, body=bytes(body)
            )
        else:
            return None


def response(connection: h11.Connection, answer: Answer, method: str) -> bytes:
    """An answer as bytes; to HEAD without its body."""
    headers = [(name, value) for name, value in answer.headers if name not in _HOP]
    length = next((value for name, value in answer.headers if name == "content-length"), "0")
    length = length if method == "HEAD" else str(len(answer.body))
    if answer.in_chunks and method != "HEAD":
        headers.append(("transfer-encoding", "chunked"))
    elif answer.status not in (204, 304):
        headers.append(("content-length", length))
    data = connection.send(h11.Response(status_code=answer.status, headers=headers)) or b""
    if method != "HEAD" and answer.body:
        data += connection.send(h11.Data(data=answer.body)) or b""
    return data + (connection.send(h11.EndOfMessage()) or b"")


class Upstream:
    """One connection to the emulator, opened when it is needed."""

    def __init__(self, path: Callable[[], str]) -> None:
        self._path = path
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._connection = h11.Connection(h11.CLIENT)

    def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            with contextlib.suppress(Exception):
                self._streams[1].close()
        self._streams = None

    async def exchange(self, request: Request) -> Answer:
        """Hand a request on as it came, and give what comes back."""
        fresh = self._streams is None
        try:
            return await self._exchange(request)
        except (OSError, h11.RemoteProtocolError):
            self.close()
            if fresh:
                raise
        return await self._exchange(request)  # one that was idle had been closed meanwhile

    async def _exchange(self, request: Request) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(self._path())
            self._connection = h11.Connection(h11.CLIENT)
        _, writer = self._streams
        headers = [(name, value) for name, value in request.headers if name not in (*_HOP, "expect")]
        headers += [("content-length", str(len(request.body))), ("x-forwarded-proto", "https")]
        writer.write(
            self._connection.send(h11.Request(method=request.method, target=request.target, headers=headers)) or b""
        )
        if request.body:
            writer.write(self._connection.send(h11.Data(data=request.body)) or b"")
        self._connection.send(h11.EndOfMessage())
        await writer.drain()
        head: h11.Response | None = None
        body = bytearray()
        async for event in self._events():
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
        assert head is not None
        if self._connection.our_state is h11.MUST_CLOSE or self._connection.their_state is h11.MUST_CLOSE:
            self.close()
        else:
            self._connection.start_next_cycle()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        return Answer(status=head.status_code, headers=tuple(headers), body=bytes(body))

    async def _events(self) -> AsyncIterator[Any]:
        assert self._streams is not None
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                self._connection.receive_data(await self._streams[0].read(LARGEST))
            elif isinstance(event, h11.EndOfMessage):
                return
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError
            else:
                yield event
