"""What keeps a process's memory its own: no core dumps, no attaching by others of the same user."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys

__all__ = ["harden"]

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """Forbid core dumps, and on Linux make the process undumpable (prctl(2), PR_SET_DUMPABLE)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
