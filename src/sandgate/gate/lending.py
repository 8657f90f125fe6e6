"""Large answers of the emulator go to the client past the gate, which lends the emulator the client's socket.

The gate asks as always, and says that it lends. An answer with a large body comes without it, and with the token under
which the body waits. The gate sends token, head and socket over a connection of its own; one byte comes back when all
is sent. Who goes away closes that connection, and the other side takes note. What the gate verifies, decides and writes
down happens before, and the bodies in question are those that it would pass on unread.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from sandgate.gate.exchange import Exchange
from sandgate.gate.receiving import UpstreamFaultError
from sandgate.gate.response import UpstreamResponse
from sandgate.tiers._emulator_lent import SENT, WAITS, order

__all__ = ["ask", "hand_over", "waiting"]

_WAITS = WAITS + b": "


def waiting(response: UpstreamResponse) -> tuple[bytes, int] | None:
    """The token and the length of a body that waits; the field that says so is taken out of the answer.

    Args:
        response: the answer to a request that said that the gate lends; no other one's field means anything.
    """
    for field in response.fields:
        if field.startswith(_WAITS):
            response.fields.remove(field)
            token, _, length = field.removeprefix(_WAITS).partition(b" ")
            return token, int(length)
    return None


async def hand_over(exchange: Exchange, response: UpstreamResponse, path: str, body: tuple[bytes, int]) -> None:
    """Have the emulator answer the client, and wait until it has.

    Args:
        exchange: the client's side, `lendable`.
        response: status and fields of the answer.
        path: of the socket on which the emulator takes what is lent.
        body: what `waiting` found.

    Raises:
        ClientGoneError: the client left; the emulator is told.
        UpstreamFaultError: nobody takes the socket.
    """
    token, length = body

    def begin() -> tuple[bytes, int]:
        head, lent = exchange.lend(response.status, response.fields, length=length)
        return order(token, head), lent

    if await ask(exchange, path, begin) == SENT:
        exchange.bytes_out += length
    else:
        exchange.abort()  # half an answer must not look like a whole one


async def ask(exchange: Exchange, path: str, begin: Callable[[], tuple[bytes, int]]) -> bytes:
    """Lend the client's socket, and wait for the word that comes back; nothing when none does.

    Args:
        exchange: the client's side.
        path: of the socket on which the emulator takes what is lent.
        begin: gives the order and the descriptor that goes with it, once somebody is there to take them.

    Raises:
        ClientGoneError: the client left; the emulator is told.
        UpstreamFaultError: nobody takes the socket.
    """
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(0)
        try:
            line.connect(path)
        except OSError as error:
            raise UpstreamFaultError(f"cannot lend the client's socket: {type(error).__name__}") from error
        said, lent = begin()
        told = loop.create_future()
        loop.add_reader(line, _tell, told)
        try:
            socket.send_fds(line, [said], [lent])
            await exchange.outlast(told)
            return line.recv(1)
        except OSError:
            return b""
        finally:
            loop.remove_reader(line)


def _tell(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)
