"""Working directories of gates that were killed: nobody answers on their sockets any more."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from pathlib import Path

__all__ = ["SOCKET", "remove_stale"]

SOCKET = "control.sock"
"""Where a gate listens in its working directory, as `control.launch` names those."""


def remove_stale() -> None:
    """Remove the working directories of this user's killed gates; a gate that is starting has no socket yet."""
    places = {tempfile.gettempdir(), "/tmp"}  # noqa: S108 - where `control.launch` makes them
    for path in (path for place in places for path in Path(place).glob(f"sg-*/{SOCKET}")):
        with contextlib.suppress(OSError):
            if path.parent.stat().st_uid == os.getuid() and _is_dead(path):
                shutil.rmtree(path.parent, ignore_errors=True)


def _is_dead(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
    return False
