"""Keeps one emulator of the user's: runs its start command, and its stop command however the gate ends.

Started as a script with one JSON line on standard input, which stays open as a leash: end-of-file means that the run
is over or the gate is gone. It imports nothing of sandgate. It leads a process group that everything the start command
leaves behind is in, so that the group's id cannot pass to others while it is needed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import BinaryIO

__all__ = ["main"]

_STOP_SECONDS = 30.0
_END_SECONDS = 5.0
_SETTLE_SECONDS = 0.2


def _say(**message: object) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(message).encode() + b"\n")


def _run(
    command: str, log: BinaryIO, secrets: Sequence[bytes], *, aside: bool
) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    """Run a shell command; its output goes to the log without the secrets that it may print."""

    def write(line: bytes) -> None:
        for secret in secrets:
            line = line.replace(secret, b"***")
        log.write(line)

    write(f"$ {command}\n".encode())
    process = subprocess.Popen(  # noqa: S603 - the user's own command
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=aside,
    )

    def copy() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            write(line)

    copying = threading.Thread(target=copy, daemon=True)
    copying.start()
    return process, copying


def _stop(command: str, log: BinaryIO, secrets: Sequence[bytes]) -> int:
    process, copying = _run(command, log, secrets, aside=True)
    try:
        code = process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.write(f"the stop command did not end within {_STOP_SECONDS:.0f} s\n".encode())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    copying.join(_SETTLE_SECONDS)
    return code


def main() -> None:
    """Start, wait for the end of the leash, stop."""
    order = json.loads(sys.stdin.readline())
    # Handlers, where SIG_IGN would be inherited by the commands.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    secrets = [secret.encode() for secret in order["secrets"]]
    with open(order["log"], "ab", buffering=0) as log:  # noqa: PTH123 - a script that starts fast
        started, copying = _run(order["start"], log, secrets, aside=False)

        def tell() -> None:
            code = started.wait()
            copying.join(_SETTLE_SECONDS)  # what it started may keep the pipe open
            _say(ended=code)

        threading.Thread(target=tell, daemon=True).start()
        sys.stdin.read()
        if order["stop"]:
            _say(stopped=_stop(order["stop"], log, secrets))
        os.killpg(0, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(timeout=_END_SECONDS)
        time.sleep(_SETTLE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
