"""The ports of one gate: one per parallel worker, so that unsigned calls are attributed too."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Callable

from sandgate.errors import EnvironmentFault
from sandgate.gate.server import Connection, Handler
from sandgate.gate.terminated import Terminated
from sandgate.gate.two_ways import Tls, TwoWays

__all__ = ["HOST", "Listener"]

HOST = "127.0.0.1"
"""An address, not a name: SDKs use path-style S3 for it, and nothing resolves to another machine."""

_SEND_BUFFER = 256 * 1024
"""Bytes, which Linux doubles. What it takes by itself, megabytes, is out of the processor's cache before it is read."""
_BACKLOG = 512
_PATIENCE_SECONDS = 1.0


class Listener:
    """Listens, and knows every connection.

    Args:
        gate_port_source: where the option `gate_port` came from, for the error of a port in use.
        tls: what there is for clients that speak TLS on a port; without it none does.
    """

    def __init__(self, gate_port_source: str = "", tls: Tls | None = None) -> None:
        self.ports: set[int] = set()
        self.urls: dict[str, str] = {}
        """Worker to the URL of its port."""
        self._source = gate_port_source
        self._tls = tls
        self._by_worker: dict[str, int] = {}
        self._adopted: dict[str, asyncio.Server | TwoWays] = {}
        self._servers: list[asyncio.Server | TwoWays] = []
        self._connections: set[Connection] = set()
        self._handler: Handler | None = None
        self._patience: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._drained_at = math.inf
        """When whoever is still in flight is not waited for any more."""

    async def bind(self, worker: str, port: int = 0) -> asyncio.Server | TwoWays:
        """Listen for a worker; connections are accepted once the server is told to serve.

        Args:
            worker: `main`, `gw0`, ...
            port: zero for any free one.

        Raises:
            EnvironmentFault: the port is in use.
        """
        try:
            server = await self._server(worker, port)
        except OSError as error:
            raise EnvironmentFault(
                f"cannot listen on port {port}: {error.strerror}",
                where=f"gate_port, {self._source}",
                hint="leave gate_port out to get a free port, or end what uses this one",
            ) from error
        _bound(server.sockets[0])
        self._servers.append(server)
        self._by_worker[worker] = int(server.sockets[0].getsockname()[1])
        self.ports.add(self._by_worker[worker])
        self.urls[worker] = f"http://{HOST}:{self._by_worker[worker]}"
        return server

    async def _server(self, worker: str, port: int) -> asyncio.Server | TwoWays:
        connection = self._connection_of(worker)
        if self._tls is not None:
            sock = socket.create_server((HOST, port), backlog=_BACKLOG)
            return TwoWays(sock, connection, self._tls, worker)
        return await asyncio.get_running_loop().create_server(
            connection, HOST, port, backlog=_BACKLOG, start_serving=False
        )

    def _connection_of(self, worker: str) -> Callable[[], Connection]:
        def connection() -> Connection:
            assert self._handler is not None
            return Connection(self._handler, label=worker, open_connections=self._connections)

        return connection

    def terminated(self, host: str, worker: str, unused: Callable[[], None]) -> Connection:
        """What answers inside TLS that came through the proxy; it is drained as those of the ports are.

        Args:
            host: that the client asked for.
            worker: that it named.
            unused: told when it left without a request.
        """
        assert self._handler is not None
        return Terminated(
            self._handler,
            host=host,
            unused=unused,
            label=worker,
            open_connections=self._connections,
            ended=lambda: self._drained_at < math.inf,
        )

    async def adopt(self, worker: str, listening: socket.socket) -> None:
        """Accept on a socket of another network namespace too, where the worker's port is the same.

        A worker has one such namespace at a time: with a later one, nothing is accepted in the earlier one any more.

        Raises:
            ValueError: it is another kind of socket, or another port.
        """
        if listening.family != socket.AF_INET or listening.type != socket.SOCK_STREAM:
            raise ValueError("a port of the gate is an IPv4 TCP socket")
        if listening.getsockname() != (HOST, self._by_worker.get(worker)):
            raise ValueError(f"that is not the port of the worker {worker!r}")
        listening.settimeout(0)
        _bound(listening)
        server: asyncio.Server | TwoWays
        if self._tls is not None:
            server = TwoWays(listening, self._connection_of(worker), self._tls, worker)
            await server.start_serving()
        else:
            server = await asyncio.get_running_loop().create_server(
                self._connection_of(worker), sock=listening, backlog=_BACKLOG
            )
        self._servers.append(server)
        if (earlier := self._adopted.pop(worker, None)) is not None:
            earlier.close()
            self._servers.remove(earlier)
        self._adopted[worker] = server

    async def open(self, handler: Handler) -> None:
        """Accept on every port that is bound, and on those that are asked for later."""
        self._handler = handler
        self._patience = asyncio.get_running_loop().create_task(self._watch())
        for server in self._servers:
            await server.start_serving()

    async def url(self, worker: str) -> str:
        """The endpoint URL of a worker, whose port is bound at the first question."""
        if worker not in self._by_worker:
            server = await self.bind(worker)
            if self._handler is not None:
                await server.start_serving()
        return self.urls[worker]

    def port(self, worker: str) -> int:
        """The port of a worker that is bound."""
        return self._by_worker[worker]

    @property
    def in_flight(self) -> int:
        """Exchanges that are not over."""
        return sum(connection.busy for connection in self._connections)

    async def drain(self, seconds: float) -> None:
        """Accept no more, finish what is in flight.

        Args:
            seconds: how long from the first time on; what is not finished then is cut when the process ends.
        """
        now = asyncio.get_running_loop().time()
        self._drained_at = min(self._drained_at, now + seconds)
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.drain(self._idle.set)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._drained_at):
                while self.in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        if self._patience is not None:
            self._patience.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_PATIENCE_SECONDS)
            for connection in list(self._connections):
                connection.check_patience(loop.time())


def _bound(listening: socket.socket) -> None:
    """What is accepted there takes after it (socket(7))."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
