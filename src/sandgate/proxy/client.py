"""What the proxy reads of a client by itself, and how it says no."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from sandgate.proxy.head import RefusedHead

__all__ = ["peek", "read_head", "refuse"]

_MAX_HEAD = 16 * 1024
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 4 * 1024 * 1024
_END = b"\r\n\r\n"
_NO_SECRET = 407


async def read_head(sock: socket.socket) -> bytes:
    """The client's head, and not a byte more.

    Args:
        sock: not blocking.

    Raises:
        RefusedHead: it is too long.
        OSError: the client left.
    """
    data = b""
    while not data.endswith(_END):
        if len(data) >= _MAX_HEAD:
            raise RefusedHead(431, f"request head over {_MAX_HEAD} bytes")
        data += await _piece(sock, data)
    return data[: -len(_END)]


async def _piece(sock: socket.socket, before: bytes) -> bytes:
    """What is there, up to the end of the head."""
    seen = await peek(sock)
    ends = (before[-len(_END) :] + seen).find(_END)
    wanted = len(seen) if ends < 0 else ends + len(_END) - len(before[-len(_END) :])
    return sock.recv(wanted)


async def peek(sock: socket.socket) -> bytes:
    """What the client has sent, once it has sent something; it stays to be read.

    Raises:
        OSError: the client left.
    """
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(sock, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(sock)
    try:
        if seen := sock.recv(_MAX_HEAD, socket.MSG_PEEK):
            return seen
    except BlockingIOError:
        return await peek(sock)
    raise ConnectionResetError


async def refuse(sock: socket.socket, status: int, text: str, short: str) -> None:
    """Say no; most clients show the reason phrase and nothing else of it, so it says why too.

    Args:
        sock: not blocking; closed by the caller.
        status: of the answer.
        text: for a person.
        short: for a header, and in place of the text where the status asks for the secret.
    """
    body = f"sandgate: {text}\n".encode()
    extra = 'Proxy-Authenticate: Basic realm="sandgate"\r\n' if status == _NO_SECRET else ""
    head = (
        f"HTTP/1.1 {status} sandgate refuses: {text if status != _NO_SECRET else short}\r\n{extra}"
        f"X-Sandgate-Refused: {short}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):  # TimeoutError is one
        await loop.sock_sendall(sock, head.encode("latin-1", "replace") + body)
        sock.shutdown(socket.SHUT_WR)
        # Closed with bytes of the client's unread, the connection would be reset, and the answer lost (RFC 9112, 9.6).
        async with asyncio.timeout(_LINGER_SECONDS):
            unread = _LINGER_BYTES
            while unread > 0 and (data := await loop.sock_recv(sock, _MAX_HEAD)):
                unread -= len(data)
