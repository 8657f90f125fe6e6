"""Runs inside the emulator: large bodies of answers go straight to the client, whose socket the gate lends.

Loaded by path there, so it imports nothing of sandgate; the gate reads the names. Bytes that pass one process less need
not be read and written once more, which for large downloads is most of what a proxy costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

__all__ = ["LARGE", "LENDS", "SENT", "WAITS", "Lent", "order"]

LENDS = "x-sandgate-lends"
"""Field of a request whose client's socket the gate lends."""
WAITS = b"x-sandgate-waits"
"""Field of an answer whose body waits: its token, a space, its length."""
SENT = b"+"
"""What the gate is told when head and body are with the client's kernel."""
LARGE = 256 * 1024
"""Bytes of a body from which on it is worth another message."""

_KEPT_SECONDS = 60.0
"""How long a body waits for a gate that does not come, as when the client has left."""
_MAX_HEAD = 16 * 1024
"""An order is one packet: what comes with a descriptor must not be cut (unix(7), SCM_RIGHTS)."""
_SIZE = struct.Struct("!I")
_FIELD_SPACE = 4

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Send], Awaitable[None]]


def order(token: bytes, head: bytes) -> bytes:
    """What the gate sends with the descriptor.

    Args:
        token: under which the body waits.
        head: of the answer, to be sent before it.
    """
    return _SIZE.pack(len(token) + len(head)) + token + head


class Lent:
    """The application, with a socket beside it on which the gate lends those of its clients.

    Args:
        app: ASGI application.
        path: where the socket shall be; only the user may get at its folder.
    """

    def __init__(self, app: App, path: str) -> None:
        self._app = app
        self._path = path
        self._bodies: dict[bytes, bytes] = {}
        """What waits, by token."""

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Serve one connection, or the application's own start and end."""
        if scope["type"] == "lifespan":
            with self._listening():
                await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and any(name == LENDS.encode() for name, _ in scope["headers"]):
            send = self._holding(send)
        await self._app(scope, receive, send)

    def _holding(self, send: Send) -> Send:
        """Hold a head until its body has come, and the body if that is whole and large."""
        started: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = [(name, value) for name, value in message["headers"] if name.lower() != WAITS]
                started.append({**message, "headers": fields})
                return
            if started:
                head = started.pop()
                body = message.get("body", b"")
                if len(body) >= LARGE and not message.get("more_body") and _is_small(head):
                    head, message = self._keep(head, message, bytes(body))
                await send(head)
            await send(message)

        return hold

    def _keep(self, head: Message, message: Message, body: bytes) -> tuple[Message, Message]:
        token = secrets.token_hex(16).encode()
        self._bodies[token] = body
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._bodies.pop, token, None)
        fields = [(name, value) for name, value in head["headers"] if name.lower() != b"content-length"]
        fields += [(b"content-length", b"0"), (WAITS, b"%b %d" % (token, len(body)))]
        return {**head, "headers": fields}, {**message, "body": b""}

    # -- what is lent ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self._path)
            listening.listen(128)
            listening.settimeout(0)
            loop.add_reader(listening, self._accept, listening)
            try:
                yield
            finally:
                loop.remove_reader(listening)

    def _accept(self, listening: socket.socket) -> None:
        try:
            line, _ = listening.accept()
        except OSError:
            return  # whoever it was has gone again
        line.settimeout(0)
        _Loan(line, self._bodies)


class _Loan:
    """One answer on its way to a client.

    Args:
        line: to the gate.
        bodies: what waits.
    """

    def __init__(self, line: socket.socket, bodies: dict[bytes, bytes]) -> None:
        self._line = line
        self._bodies = bodies
        self._client: socket.socket | None = None
        self._left: list[memoryview] = []
        self._waits = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(line, self._hear)

    def _hear(self) -> None:
        """The order comes first; whatever comes after is the gate going away."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._line, 2 * _MAX_HEAD, 1)
        except OSError:
            data, descriptors = b"", []
        known = self._client is not None
        if descriptors and not known:
            self._client = socket.socket(fileno=descriptors[0])
        token, head = data[_SIZE.size : _SIZE.size + 32], data[_SIZE.size + 32 :]
        body = self._bodies.pop(token, None)
        if known or self._client is None or body is None or data[: _SIZE.size] != _SIZE.pack(32 + len(head)):
            self._end()
            return
        self._left = [memoryview(head), memoryview(body)]
        self._send()

    def _send(self) -> None:
        assert self._client is not None
        try:
            while self._left:
                sent = self._client.sendmsg(self._left)
                while self._left and sent >= len(self._left[0]):
                    sent -= len(self._left.pop(0))
                if self._left:
                    self._left[0] = self._left[0][sent:]
        except BlockingIOError:
            if not self._waits:
                self._waits = True
                self._loop.add_writer(self._client, self._send)
            return
        except OSError:
            self._end()
            return
        self._end(SENT)

    def _end(self, word: bytes = b"") -> None:
        """Give the socket back, and say so to a gate that is still there."""
        self._loop.remove_reader(self._line)
        if self._client is not None:
            if self._waits:
                self._loop.remove_writer(self._client)
            self._client.close()
        with contextlib.suppress(OSError):
            self._line.send(word)
        self._line.close()


def _is_small(head: Message) -> bool:
    """Whether a head certainly fits into an order, with the status line and what the gate adds."""
    size = sum(len(name) + len(value) + _FIELD_SPACE for name, value in head["headers"])
    return size <= _MAX_HEAD // 2
