"""A connection that came through the proxy in TLS: requests on it are for the host that it was made to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandgate.gate.exchange import Exchange
from sandgate.gate.server import Connection, Handler
from sandgate.wire.http import Response

__all__ = ["Terminated"]

_MISDIRECTED = 421
"""RFC 9110, 15.5.20."""


class Terminated(Connection):
    """One decrypted connection.

    Args:
        handler: answers an exchange.
        host: that the client asked the proxy for.
        unused: told when the client left without a request, as it does that finds another certificate than it wants.
        label: worker that the client named.
        open_connections: all of them, for draining.
        ended: whether that is over: a handshake may take longer.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        host: str,
        unused: Callable[[], None],
        label: str,
        open_connections: set[Connection],
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._used = False
        self._ended = ended
        self._unused = unused

        async def handle(exchange: Exchange) -> None:
            self._used = True
            if exchange.request.host.lower() in (host, f"{host}:443"):
                await handler(exchange)
                return
            body = f"sandgate: this connection is for {host}, and the request names another host\n".encode()
            exchange.respond(Response(_MISDIRECTED, (("content-type", "text/plain; charset=utf-8"),), body))

        super().__init__(handle, label=label, open_connections=open_connections)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As ever, unless the gate ends: what was decided and written down by now is all."""
        super().connection_made(transport)
        if self._ended():
            self._used = True  # so it seems: the client is not to blame
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """As ever; and a client that has asked for nothing is worth a word."""
        super().connection_lost(exc)
        if not self._used:
            self._unused()
