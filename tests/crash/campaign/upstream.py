"""Serves the emulator on a port: run with the Python of its own environment, and owned by whoever holds its input.

It outlives every gate: that is what makes what a run left behind visible.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ["main"]


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Serve on the port named by the first argument."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    import uvicorn  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - in the emulator's environment only

    uvicorn.run(
        "ministack.app:app",
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=3600,
    )


if __name__ == "__main__":
    main()
