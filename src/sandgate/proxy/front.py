"""The gate as an HTTPS proxy: who asks, for which host, and whether the gate itself answers for it.

Connections are accepted by hand, and no byte is read beyond the client's head: what follows belongs to TLS or to a
tunnel, whoever takes the socket then.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Container, Coroutine
from dataclasses import dataclass, replace

from sandgate.errors import EnvironmentFault
from sandgate.proxy.client import peek, read_head, refuse
from sandgate.proxy.egress import Egress, RefusedHost, resolve
from sandgate.proxy.head import RefusedHead, parse_head, worker_of
from sandgate.proxy.parent import Parent
from sandgate.proxy.relay import Passed, connect, relay

__all__ = ["Front", "Parts", "why_no_tls"]

_LOOPBACK = "127.0.0.1"
_HEAD_SECONDS = 30.0
_HANDSHAKE_SECONDS = 30.0
_PAUSE_SECONDS = 0.1
_BACKLOG = 512
_HTTPS = 443
_ALERT, _NO_TLS = "ALERT", ("HTTP_REQUEST", "WRONG_VERSION_NUMBER", "HTTPS_PROXY_REQUEST")
"""As OpenSSL names reasons: the client refused (RFC 8446, 6.2), or spoke something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a front needs to serve, which is there only once the gate's tier has started."""

    context: Callable[[str], ssl.SSLContext]
    """What a server shows that answers for a host."""
    hosts: Container[str]
    """That the gate answers for."""
    egress: Egress
    answer: Callable[[str, str], asyncio.Protocol]
    """Gives what answers requests inside TLS, for a host and a worker."""
    note_egress: Callable[[str, int, str, str], None]
    """Told host, port, worker, and the rule that refused it or an empty string, of what the gate does not answer."""
    note_tunnel: Callable[[str, int, str, int, int], None]
    """Told host, port, worker, and bytes to the host and back, when a tunnel has ended."""
    note_handshake: Callable[[str, str, str], None]
    """Told host, worker and reason, when there is no TLS with a client."""
    parent: Parent | None = None


class Front:
    """Listens on a port of its own, for all workers.

    Args:
        secret: of the run, which clients must know.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._port = 0
        self._listening: list[socket.socket] = []
        self._adopted: tuple[socket.socket, asyncio.Task[None]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: list[asyncio.Task[None]] = []
        self._parts: Parts | None = None

    def bind(self) -> None:
        """Take a port; clients wait until `open`.

        Raises:
            EnvironmentFault: there is none.
        """
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.bind((_LOOPBACK, 0))
            sock.listen(_BACKLOG)
        except OSError as error:
            sock.close()
            raise EnvironmentFault(f"cannot listen: {error.strerror}", where="proxy of the gate") from error
        self._port = int(sock.getsockname()[1])
        self._listening.append(sock)

    def url(self, worker: str) -> str:
        """What `HTTPS_PROXY` is for a worker; it holds the secret."""
        return f"http://{worker}:{self._secret}@{_LOOPBACK}:{self._port}"

    def open(self, parts: Parts) -> None:
        """Serve."""
        self._parts = parts
        for sock in self._listening:
            self._accepting.append(self._start(self._accept(sock, parts)))

    def adopt(self, listening: socket.socket) -> None:
        """Accept on a socket of another network namespace too, where the port is the same.

        There is one such namespace at a time: with a later one, nothing is accepted in the earlier one any more.

        Raises:
            ValueError: it is another kind of socket, or another port.
        """
        if listening.family != socket.AF_INET or listening.type != socket.SOCK_STREAM:
            raise ValueError("the port of the proxy is an IPv4 TCP socket")
        if listening.getsockname() != (_LOOPBACK, self._port):
            raise ValueError("that is not the port of the proxy")
        if self._parts is None:
            raise ValueError("the gate does not serve yet")
        if self._adopted is not None:
            earlier, accepting = self._adopted
            self._listening.remove(earlier)
            self._accepting.remove(accepting)
            accepting.add_done_callback(lambda _task: earlier.close())
            accepting.cancel()
        self._listening.append(listening)
        # Inside there is no network but the gate, on whatever tier.
        within = replace(self._parts, egress=replace(self._parts.egress, everywhere=False))
        accepting = self._start(self._accept(listening, within))
        self._accepting.append(accepting)
        self._adopted = listening, accepting

    async def drain(self) -> None:
        """Accept no more; tunnels stay."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for sock in self._listening:
            sock.close()

    async def close(self) -> None:
        """Accept no more, and cut tunnels."""
        await self.drain()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listening: socket.socket, parts: Parts) -> None:
        loop = asyncio.get_running_loop()
        listening.setblocking(False)  # noqa: FBT003 - the standard library's signature
        while True:
            try:
                sock, _ = await loop.sock_accept(listening)
            except OSError:  # too many files are open, or the client has left
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            sock.setblocking(False)  # noqa: FBT003 - likewise
            self._start(self._serve(sock, parts))

    async def _serve(self, sock: socket.socket, parts: Parts) -> None:
        owned = True
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                request = parse_head(await read_head(sock))
            worker = worker_of(request.authorization, self._secret)
            host, port = request.where()
            if port == _HTTPS and host in parts.hosts:
                context = parts.context(host)
                owned = False
                await self._terminate(parts, sock, (host, context), worker)
            else:
                await self._tunnel(parts, sock, (host, port), worker)
        except RefusedHead as refusal:
            await refuse(sock, refusal.status, refusal.text, refusal.text)
        except (OSError, TimeoutError):
            pass  # the client left, or says nothing
        finally:
            if owned:
                sock.close()

    async def _terminate(
        self, parts: Parts, sock: socket.socket, shown: tuple[str, ssl.SSLContext], worker: str
    ) -> None:
        """Answer for the host: what comes in TLS goes through the gate's pipeline."""
        host, context = shown
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(sock, b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                await peek(sock)  # who leaves now has changed its mind, and has seen no certificate
        except BaseException:
            sock.close()
            raise
        try:
            await loop.connect_accepted_socket(
                lambda: parts.answer(host, worker),
                sock,
                ssl=context,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
            )
        except (OSError, TimeoutError) as error:
            parts.note_handshake(host, worker, why_no_tls(error))

    async def _tunnel(self, parts: Parts, sock: socket.socket, where: tuple[str, int], worker: str) -> None:
        host, port = where
        try:
            upstream = await _reach(parts, host, port)
        except RefusedHost as refused:
            parts.note_egress(host, port, worker, refused.rule)
            await refuse(sock, refused.status, f"{refused.reason}; {refused.remedy}", f"{host}: {refused.rule}")
            return
        with upstream:
            parts.note_egress(host, port, worker, "")
            sent, received = Passed(), Passed()
            try:
                await asyncio.get_running_loop().sock_sendall(sock, b"HTTP/1.1 200 Connection established\r\n\r\n")
                await relay(sock, upstream, sent, received)
            finally:
                parts.note_tunnel(host, port, worker, sent.count, received.count)


async def _reach(parts: Parts, host: str, port: int) -> socket.socket:
    """A connection to a host that may be reached.

    Raises:
        RefusedHost: it may not, or cannot.
    """
    parts.egress.check(host)
    if parts.parent is not None and parts.parent.serves(host):
        # The user's proxy resolves names; of what is written as an address, this is known here.
        parts.egress.check_written(host)
        return await parts.parent.connect(host, port)
    addresses = await resolve(host, port)
    parts.egress.check_addresses(host, [address for _, (address, _) in addresses])
    return await connect(host, addresses)


def why_no_tls(error: Exception) -> str:
    """Why there is no TLS with a client, as far as its end of it tells.

    Args:
        error: what the handshake came to.
    """
    name = error.reason or "" if isinstance(error, ssl.SSLError) else ""
    if any(word in name for word in _NO_TLS):
        return "the client speaks no TLS"
    if _ALERT in name:
        alert = name.lower().replace("_", " ")
        return f"the client does not accept the run's certificate ({alert}): it pins another, or has its own bundle"
    if isinstance(error, TimeoutError):
        return "the client did not finish the handshake"
    return "the client broke off the handshake: it pins another certificate, or has its own bundle"
