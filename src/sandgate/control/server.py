"""The gate's side of the control socket: only the user who owns the run may speak."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from sandgate.control.messages import COMMANDS, MAX_LINE, check_socket_path
from sandgate.errors import SandgateError

__all__ = ["peer_uid", "serve_control"]

_Handler = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, object] | None]]

_TOO_LONG = f"a control message is limited to {MAX_LINE} bytes"


async def serve_control(path: Path, handler: _Handler) -> asyncio.Server:
    """Listen on `path`.

    Args:
        path: in a fresh 0700 directory.
        handler: gets command and fields; what it returns is the answer, `None` means none is sent.

    Raises:
        sandgate.errors.EnvironmentFault: the path is too long for a socket.
    """
    check_socket_path(path)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if peer_uid(writer.get_extra_info("socket")) != os.getuid():
                return
            while line := await reader.readline():
                answer = await _answer(line, handler)
                if answer is not None:
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        except ConnectionError:
            pass  # a peer that hangs up has nothing to be told
        except ValueError:
            # What follows an over-long line has no beginning, so this is the last answer.
            writer.write(json.dumps({"ok": False, "error": _TOO_LONG}).encode() + b"\n")
        finally:
            writer.close()

    return await asyncio.start_unix_server(serve, path=str(path), limit=MAX_LINE)


async def _answer(line: bytes, handler: _Handler) -> Mapping[str, object] | None:
    try:
        message = json.loads(line)
        command = str(message.pop("do"))
    except (ValueError, KeyError, AttributeError, TypeError):
        return {"ok": False, "error": "a control message is a JSON object with a member 'do'"}
    if command not in COMMANDS:
        return {"ok": False, "error": f"unknown control command {command!r}"}
    try:
        answer = await handler(command, message)
    except SandgateError as error:
        return {"ok": False, "error": str(error)}
    except (KeyError, TypeError, ValueError) as error:
        return {"ok": False, "error": f"{command}: {error}"}
    return None if answer is None else {"ok": True, **answer}


def peer_uid(peer: Any) -> int:
    """The user at the other end, from the kernel (SO_PEERCRED; LOCAL_PEERCRED on macOS)."""
    if hasattr(socket, "SO_PEERCRED"):
        data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", data)[1])
    data = peer.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED, sizeof(struct xucred)
    return int(struct.unpack_from("I", data, 4)[0])
