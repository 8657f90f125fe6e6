"""A tunnel: bytes from one socket to another and back, looked at by nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from sandgate.proxy.egress import RefusedHost

__all__ = ["Passed", "connect", "relay"]

_CONNECT_SECONDS = 15.0
_PIECE = 64 * 1024


async def connect(host: str, addresses: Sequence[tuple[socket.AddressFamily, tuple[str, int]]]) -> socket.socket:
    """Connect to the first address that answers.

    Args:
        host: for the message.
        addresses: checked.

    Raises:
        RefusedHost: none answers.
    """
    loop = asyncio.get_running_loop()
    reason = "no address"
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await loop.sock_connect(sock, address)
        except TimeoutError:
            sock.close()
            reason = "no answer"
        except OSError as error:
            sock.close()
            reason = os.strerror(error.errno) if error.errno else "it cannot be reached"
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise RefusedHost("unreachable", f"{host}: {reason}", "look at the network", 502)


@dataclass(slots=True)
class Passed:
    """Bytes that went one way."""

    count: int = 0


async def relay(one: socket.socket, other: socket.socket, sent: Passed, received: Passed) -> None:
    """Pass on what comes, both ways, until both sides have ended.

    Args:
        one: not blocking; closed by the caller.
        other: likewise.
        sent: counts what one sends to the other, also where this is cut off.
        received: counts what comes back.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(_pass_on(one, other, sent))
        group.create_task(_pass_on(other, one, received))


async def _pass_on(source: socket.socket, target: socket.socket, passed: Passed) -> None:
    loop = asyncio.get_running_loop()
    try:
        while data := await loop.sock_recv(source, _PIECE):
            passed.count += len(data)
            await loop.sock_sendall(target, data)
    except OSError:
        # Broken: the other direction has nobody to talk to either.
        with contextlib.suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
    else:
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
