"""Ports for servers that are told where to listen."""

from __future__ import annotations

import random
import socket

__all__ = ["free_port"]

_OUR_OWN = range(20_000, 32_000)
"""Below those that systems give to whoever asks for any (Linux from 32768 on, others from 49152): none of these is
taken before its server starts, and whoever tries to connect until then cannot meet himself."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens; no other test gets it."""
    chance = random.SystemRandom()
    while True:
        port = chance.choice(_OUR_OWN)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
