"""What front end and gate say to each other: one JSON object a line over a unix socket in a 0700 directory.

The gate answers each request with one line, `{"ok": true, ...}` or `{"ok": false, "error": ...}`. A `test` message
has no answer: it is sent before every test and must cost nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from sandgate.errors import EnvironmentFault

__all__ = ["COMMANDS", "MAX_LINE", "SOCKET_LIMIT", "check_socket_path"]

COMMANDS = (
    "key",
    "port",
    "proxy",
    "test",
    "mark",
    "status",
    "leftovers",
    "ledger",
    "emulators",
    "event",
    "fault",
    "door",
    "stop",
)
MAX_LINE = 256 * 1024
SOCKET_LIMIT = 107
"""Bytes of a unix socket path on Linux (104 on macOS, 103 with the terminating zero)."""


def check_socket_path(path: Path) -> None:
    """Refuse a path that the kernel would cut.

    Raises:
        EnvironmentFault: too long.
    """
    limit = SOCKET_LIMIT if os.uname().sysname == "Linux" else 103
    if len(os.fsencode(path)) > limit:
        raise EnvironmentFault(
            f"the path of a unix socket is limited to {limit} bytes",
            where=str(path),
            hint="set TMPDIR to a shorter directory",
        )
