"""Writing to a socket at once: the loop writes when a turn is over, and the other side waits for what is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os

__all__ = ["descriptor_of", "send"]


def descriptor_of(transport: asyncio.BaseTransport) -> int:
    """The socket that bytes may be written to as they are; -1 for none, as with TLS."""
    if transport.get_extra_info("sslcontext") is not None:
        return -1
    found = transport.get_extra_info("socket")
    return -1 if found is None else int(found.fileno())


def send(transport: asyncio.Transport, descriptor: int, data: bytes) -> None:
    """Write now what the kernel takes; the loop writes the rest, and sees to what goes wrong.

    Args:
        transport: of the connection.
        descriptor: `descriptor_of` it.
        data: what comes next on the connection.
    """
    sent = 0
    # A transport that is closing may have given its descriptor back, which somebody else may have now.
    if descriptor >= 0 and not transport.get_write_buffer_size() and not transport.is_closing():
        with contextlib.suppress(OSError):
            sent = os.write(descriptor, data)
    if sent < len(data):
        transport.write(data[sent:] if sent else data)
