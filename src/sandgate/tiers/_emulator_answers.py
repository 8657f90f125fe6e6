"""An answer's head and body in one packet. Who waits for it is else woken by the head, and once more by the body.

Beside `_emulator.py`, in the emulator's own process: sandgate is not there.
"""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["in_one_packet"]

_LARGE = 65536
"""Bytes of a body that are not copied for this: its client is woken more than once anyway."""


class _Joining:
    """A connection whose first piece waits for the second one, until its writer waits for something else.

    Args:
        transport: where it is written to in the end; whatever else is asked of it goes there.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        held, self._held = self._held, b""
        if held and len(data) < _LARGE:
            self._transport.write(held + data)
        elif held or len(data) >= _LARGE:
            self._transport.write(held)
            self._transport.write(data)
        else:
            self._held = data
            asyncio.get_running_loop().call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held:
            self._transport.write(held)


def in_one_packet(protocol: type) -> type:
    """An HTTP protocol of uvicorn's that writes so."""

    class InOnePacket(protocol):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(_Joining(transport))

    return InOnePacket
