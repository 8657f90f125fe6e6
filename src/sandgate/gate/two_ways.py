"""One port for http and https: the first byte tells (RFC 8446, 5.1: a handshake begins with 22).

Clients get an https address; what the emulator, stacks and addresses in answers say stays http, on the same port.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

__all__ = ["Tls", "TwoWays"]

_HANDSHAKE = b"\x16"
_FIRST_BYTE_SECONDS = 300.0
_HANDSHAKE_SECONDS = 30.0
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The half of it that is https."""

    context: Callable[[], ssl.SSLContext]
    """What is shown to clients."""
    failed: Callable[[str, Exception], None]
    """Told the worker, and why there is no TLS with a client."""


class TwoWays:
    """Accepts on a socket, as `asyncio.Server` does.

    Args:
        sock: listening; this closes it.
        connection: makes what answers.
        tls: what there is for clients of https.
        worker: whose port it is.
    """

    def __init__(self, sock: socket.socket, connection: Callable[[], asyncio.Protocol], tls: Tls, worker: str) -> None:
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self.sockets = (sock,)
        self._connection = connection
        self._tls = tls
        self._worker = worker
        self._tasks: set[asyncio.Task[None]] = set()

    async def start_serving(self) -> None:
        """Accept."""
        self._start(self._accept())

    def close(self) -> None:
        """Accept no more; connections stay."""
        for task in self._tasks:
            task.cancel()
        self.sockets[0].close()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(self.sockets[0])
            except OSError:  # too many files are open, or the client has left
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self._start(self._serve(sock))

    async def _serve(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        ready = loop.create_future()
        loop.add_reader(sock, lambda: None if ready.done() else ready.set_result(None))
        try:
            async with asyncio.timeout(_FIRST_BYTE_SECONDS):
                await ready
            context = self._tls.context() if sock.recv(1, socket.MSG_PEEK) == _HANDSHAKE else None
        except OSError:  # also TimeoutError: nothing comes
            loop.remove_reader(sock)
            sock.close()
            return
        except BaseException:
            loop.remove_reader(sock)
            sock.close()
            raise
        loop.remove_reader(sock)
        try:
            if context is not None:
                await loop.connect_accepted_socket(
                    self._connection, sock, ssl=context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
                )
            else:
                await loop.connect_accepted_socket(self._connection, sock)
        except OSError as error:  # the client does not want the certificate, or left
            if context is not None:
                self._tls.failed(self._worker, error)
