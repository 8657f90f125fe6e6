"""The gate's side of an isolated run: what may be asked from inside, and ports that are handed over from there.

The command inside has the user's own id, so the socket that it can reach answers only what a child of a run needs. It
cannot end the run, and cannot write events of the gate itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from sandgate.control.handover import ACCEPTED
from sandgate.control.messages import check_socket_path
from sandgate.control.server import peer_uid, serve_control
from sandgate.errors import SandgateError, UsageError

__all__ = ["CONTROL", "INLET", "Door", "guest"]

CONTROL, INLET = "control.sock", "ports.sock"
"""Names of the sockets in the folder that is visible inside."""

_COMMANDS = frozenset({"key", "port", "proxy", "test", "mark", "status", "event", "fault"})
_EVENTS = frozenset({"session", "test", "selected", "expected"})
"""What tests say of themselves; calls and refusals are the gate's to tell."""
_LONGEST_NAME = 256

_Handler = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, object] | None]]
_Adopt = Callable[[str, socket.socket], Awaitable[None]]


def guest(handler: _Handler) -> _Handler:
    """The handler, for what may be asked from inside.

    Raises:
        UsageError: by the handler, for everything else.
    """

    async def answer(command: str, fields: Mapping[str, Any]) -> Mapping[str, object] | None:
        if command not in _COMMANDS or (command == "event" and fields.get("event") not in _EVENTS):
            raise UsageError(f"an isolated command may not ask the gate for {command!r}")
        return await handler(command, fields)

    return answer


class Door:
    """Two sockets in a folder of their own, the only things of the gate that an isolated command can reach.

    Args:
        folder: made here, for this user only.
        handler: answers control commands.
        adopt: serves a worker on a socket too; raises ValueError for one that it does not want.
    """

    def __init__(self, folder: Path, handler: _Handler, adopt: _Adopt) -> None:
        self.folder = folder
        self._handler = handler
        self._adopt = adopt
        self._control: asyncio.Server | None = None
        self._inlet = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen.

        Raises:
            sandgate.errors.EnvironmentFault: the path is too long for a socket.
        """
        check_socket_path(self.folder / CONTROL)
        self.folder.mkdir(mode=0o700)
        self._control = await serve_control(self.folder / CONTROL, guest(self._handler))
        self._inlet.bind(str(self.folder / INLET))
        self._inlet.listen()
        self._inlet.settimeout(0)
        asyncio.get_running_loop().add_reader(self._inlet, self._accept)

    def close(self) -> None:
        """Hang up."""
        if self._control is not None:
            self._control.close()
        asyncio.get_running_loop().remove_reader(self._inlet)
        self._inlet.close()

    def _accept(self) -> None:
        try:
            peer, _ = self._inlet.accept()
        except OSError:  # it left again
            return
        if peer_uid(peer) != os.getuid():
            peer.close()
            return
        peer.settimeout(0)
        asyncio.get_running_loop().add_reader(peer, self._hear, peer)

    def _hear(self, peer: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(peer)
        try:
            name, descriptors, _flags, _address = socket.recv_fds(peer, _LONGEST_NAME, 1)
        except OSError:
            peer.close()
            return
        task = asyncio.get_running_loop().create_task(self._take(peer, name, descriptors))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, peer: socket.socket, name: bytes, descriptors: list[int]) -> None:
        with peer:
            try:
                await self._adopt_one(name, descriptors)
                answer = ACCEPTED
            except (OSError, ValueError, SandgateError) as error:
                answer = str(error).encode()
            try:
                peer.send(answer)
            except OSError:
                return  # it does not want to know

    async def _adopt_one(self, name: bytes, descriptors: list[int]) -> None:
        if len(descriptors) != 1:
            raise ValueError("a port is handed over as one socket")
        try:
            listening = socket.socket(fileno=descriptors[0])
        except OSError:
            os.close(descriptors[0])
            raise
        try:
            await self._adopt(name.decode(), listening)
        except BaseException:
            listening.close()
            raise
