"""The front end's side of the control socket. Blocking, thread-safe, standard library only."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from typing import Any

from sandgate.control.messages import MAX_LINE
from sandgate.errors import RunError

__all__ = ["ControlClient"]


class ControlClient:
    """Speaks to one gate.

    Args:
        path: the socket named in run.json.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, path: str, *, timeout: float = 30.0) -> None:
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise RunError(
                f"the gate of this run does not answer: {error.strerror or error}",
                where=path,
                hint="it has ended or was killed; start the run again",
            ) from error
        self._reader = self._socket.makefile("rb")

    def request(self, command: str, **fields: object) -> Mapping[str, Any]:
        """Send a command and wait for its answer.

        Raises:
            RunError: the gate is gone, it refused the command, or that is too long.
        """
        line = _line(command, fields)
        with self._lock:
            try:
                self._socket.sendall(line)
                answer = self._reader.readline()
            except OSError as error:
                raise RunError(f"the gate died while it was asked for {command!r}: {error}") from error
        if not answer:
            raise RunError(
                f"the gate ended while it was asked for {command!r}", hint="see gate.log in the run directory"
            )
        parsed = json.loads(answer)
        if not parsed.get("ok"):
            raise RunError(str(parsed.get("error", "the gate refused the command")))
        return dict(parsed)

    def notify(self, command: str, **fields: object) -> None:
        """Send a command that has no answer; a gate that is gone shows itself at the next request."""
        line = _line(command, fields)
        with self._lock:
            try:
                self._socket.sendall(line)
            except OSError:
                return

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self._socket.close()


def _line(command: str, fields: Mapping[str, object]) -> bytes:
    line = json.dumps({"do": command, **fields}).encode() + b"\n"
    if len(line) > MAX_LINE:
        raise RunError(f"a control message is limited to {MAX_LINE} bytes", where=command)
    return line
