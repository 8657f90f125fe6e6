"""Runs inside the emulator's own environment: serve it on a unix socket, and end when the gate ends.

Started as a script, so it imports nothing of sandgate. Its standard input is a pipe that the gate holds: end-of-file
means that the gate is gone, however it died, and then the whole process group goes, function workers included.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

__all__ = ["main"]


def _end_with_the_gate() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Serve `ministack.app:app` on the socket named by the first argument."""
    threading.Thread(target=_end_with_the_gate, daemon=True, name="gate-watch").start()
    import uvicorn  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - exists in the emulator's environment only

    uvicorn.run(
        "ministack.app:app",
        uds=sys.argv[1],
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        date_header=False,  # the application sends both itself
        server_header=False,
        log_level="warning",
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=None,
    )


if __name__ == "__main__":
    main()
