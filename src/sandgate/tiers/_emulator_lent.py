"""Runs inside the emulator: large bodies go straight to the client and come from it, whose socket the gate lends.

Loaded by path there, so it imports nothing of sandgate; the gate reads the names. Bytes that pass one process less need
not be read and written once more, which for large bodies is most of what a proxy costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

__all__ = ["DIFFERS", "ENDED", "LARGE", "LENDS", "SENT", "STALLED", "WAITS", "Lent", "order", "upload_order"]

LENDS = "x-sandgate-lends"
"""Field of a request whose client's socket the gate lends: `1` for the answer, a token for the rest of its body."""
WAITS = b"x-sandgate-waits"
"""Field of an answer whose body waits: its token, a space, its length."""
SENT = b"+"
"""What the gate is told when head and body are with the client's kernel, or a body is here and is the right one."""
DIFFERS = b"-"
"""What it is told when a body has been read whose hash is another one; nobody else gets to see it."""
ENDED = b"e"
"""What it is told when the client ends or breaks off within a body."""
STALLED = b"t"
"""What it is told when the rest of a body does not come."""
LARGE = 256 * 1024
"""Bytes of a body from which on it is worth another message."""

_KEPT_SECONDS = 60.0
"""How long a body waits for a gate that does not come, as when the client has left."""
_MAX_HEAD = 16 * 1024
"""An order is one packet: what comes with a descriptor must not be cut (unix(7), SCM_RIGHTS)."""
_STALL_SECONDS = 60.0
_SIZE = struct.Struct("!cI")
_UPLOAD = struct.Struct("!Q64s")
_TOKEN = 32
_FIELD_SPACE = 4
_PIECE = 1024 * 1024
_LENDS = LENDS.encode()

_Message = MutableMapping[str, Any]
_Send = Callable[[_Message], Awaitable[None]]
_Receive = Callable[[], Awaitable[_Message]]
_App = Callable[[Any, _Receive, _Send], Awaitable[None]]


def order(token: bytes, head: bytes) -> bytes:
    """What the gate sends with the descriptor.

    Args:
        token: under which the body waits.
        head: of the answer, to be sent before it.
    """
    return _SIZE.pack(b"<", len(token) + len(head)) + token + head


def upload_order(token: bytes, left: int, declared: str) -> bytes:
    """What the gate sends with the descriptor that the rest of a body is to be read from.

    Args:
        token: of the request.
        left: bytes that are still to come.
        declared: hash of the whole body, in hexadecimal; empty when none is declared.
    """
    return _SIZE.pack(b">", len(token) + _UPLOAD.size) + token + _UPLOAD.pack(left, declared.encode())


class Lent:
    """The application, with a socket beside it on which the gate lends those of its clients.

    Args:
        app: ASGI application.
        path: where the socket shall be; only the user may get at its folder.
    """

    def __init__(self, app: _App, path: str) -> None:
        self._app = app
        self._path = path
        self._bodies: dict[bytes, bytes] = {}
        """What waits, by token."""
        self._uploads: dict[bytes, asyncio.Future[_Upload]] = {}
        """What is still with a client, by token."""

    async def __call__(self, scope: Any, receive: Any, send: _Send) -> None:
        """Serve one connection, or the application's own start and end."""
        if scope["type"] == "lifespan":
            with self._listening():
                await self._app(scope, receive, send)
            return
        token = next((value for name, value in scope.get("headers", ()) if name == _LENDS), b"")
        if len(token) == _TOKEN:
            await self._take_upload(scope, receive, send, token)
            return
        if token:
            send = self._holding(send)
        await self._app(scope, receive, send)

    def _holding(self, send: _Send) -> _Send:
        """Hold a head until its body has come, and the body if that is whole and large."""
        started: list[_Message] = []

        async def hold(message: _Message) -> None:
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

    def _keep(self, head: _Message, message: _Message, body: bytes) -> tuple[_Message, _Message]:
        token = secrets.token_hex(16).encode()
        self._bodies[token] = body
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._bodies.pop, token, None)
        fields = [(name, value) for name, value in head["headers"] if name.lower() != b"content-length"]
        fields += [(b"content-length", b"0"), (WAITS, b"%b %d" % (token, len(body)))]
        return {**head, "headers": fields}, {**message, "body": b""}

    async def _take_upload(self, scope: Any, receive: _Receive, send: _Send, token: bytes) -> None:
        """Serve a request of whose body only the beginning is behind its head."""
        message, begun = await receive(), b""
        while message.get("more_body"):  # all of it first: the gate lends the rest when the beginning is out
            begun += message["body"]
            message = await receive()
        begun += message.get("body", b"")
        try:
            upload = await self._upload(token)
        except TimeoutError:
            body = None
        else:
            body = await upload.read(begun)
            upload.end()
        if body is None:
            await send({"type": "http.response.start", "status": 400, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b""})
            return
        whole = {"type": "http.request", "body": body, "more_body": False}
        length = (b"content-length", b"%d" % len(body))
        fields = [length if name == length[0] else (name, value) for name, value in scope["headers"] if name != _LENDS]
        given: list[_Message] = [whole]

        async def receive_whole() -> _Message:
            return given.pop() if given else await receive()

        await self._app({**scope, "headers": fields}, receive_whole, send)

    async def _upload(self, token: bytes) -> _Upload:
        """What the gate lends for a request; it comes before the request or after it, on a connection of its own.

        Raises:
            TimeoutError: the gate has given up.
        """
        waiting = self._uploads.setdefault(token, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(_STALL_SECONDS):
                return await waiting
        finally:
            self._uploads.pop(token, None)

    def _lend(self, upload: _Upload, token: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._uploads.setdefault(token, loop.create_future()).set_result(upload)
        loop.call_later(_STALL_SECONDS, self._give_up, upload, token)

    def _give_up(self, upload: _Upload, token: bytes) -> None:
        """Take back what no request has come for."""
        if self._uploads.pop(token, None) is not None:
            upload.end()

    # -- what is lent ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self._path)
            listening.listen(socket.SOMAXCONN)  # one that does not fit in is refused at once (connect(2), EAGAIN)
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
        _Loan(line, self._bodies, self._lend)


class _Loan:
    """One answer on its way to a client.

    Args:
        line: to the gate.
        bodies: what waits.
        lend: takes a socket that a body is to be read from.
    """

    def __init__(self, line: socket.socket, bodies: dict[bytes, bytes], lend: Callable[[_Upload, bytes], None]) -> None:
        self._lend = lend
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
        kind, size = _SIZE.unpack_from(data) if len(data) >= _SIZE.size else (b"", 0)
        token, said = data[_SIZE.size : _SIZE.size + _TOKEN], data[_SIZE.size + _TOKEN :]
        body = self._bodies.pop(token, None)
        if known or self._client is None or size != len(data) - _SIZE.size:
            self._end()
        elif kind == b">" and len(said) == _UPLOAD.size:
            self._loop.remove_reader(self._line)
            left, declared = _UPLOAD.unpack(said)
            self._lend(_Upload(self._line, self._client, left, declared.rstrip(b"\0").decode()), token)
        elif body is None:
            self._end()
        else:
            self._left = [memoryview(said), memoryview(body)]
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


class _Upload:
    """The rest of a body, still with its client.

    Args:
        line: to the gate.
        client: where it comes from.
        left: bytes.
        declared: hash of the whole body; empty when none is declared.
    """

    def __init__(self, line: socket.socket, client: socket.socket, left: int, declared: str) -> None:
        self._line, self._client, self._left, self._declared = line, client, left, declared
        client.settimeout(0)

    async def read(self, begun: bytes) -> bytearray | None:
        """The whole body, once it is here and has the hash that was declared; the gate is told.

        Args:
            begun: its beginning.
        """
        loop = asyncio.get_running_loop()
        # A gate that goes away takes the client with it.
        loop.add_reader(self._line, self._client.shutdown, socket.SHUT_RD)
        body, digest, at = bytearray(len(begun) + self._left), hashlib.sha256(begun), len(begun)
        body[:at] = begun
        view = memoryview(body)
        try:
            async with asyncio.timeout(_STALL_SECONDS) as patience:
                while at < len(body):
                    count = await loop.sock_recv_into(self._client, view[at : at + _PIECE])
                    if not count:
                        self._say(ENDED)
                        return None
                    if self._declared:
                        digest.update(view[at : at + count])
                    at += count
                    patience.reschedule(loop.time() + _STALL_SECONDS)
        except TimeoutError:
            self._say(STALLED)
            return None
        except OSError:
            self._say(ENDED)
            return None
        finally:
            loop.remove_reader(self._line)
        right = not self._declared or digest.hexdigest() == self._declared
        self._say(SENT if right else DIFFERS)
        return body if right else None

    def _say(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self._line.send(word)

    def end(self) -> None:
        """Give the socket back."""
        self._client.close()
        self._line.close()


def _is_small(head: _Message) -> bool:
    """Whether a head certainly fits into an order, with the status line and what the gate adds."""
    size = sum(len(name) + len(value) + _FIELD_SPACE for name, value in head["headers"])
    return size <= _MAX_HEAD // 2
