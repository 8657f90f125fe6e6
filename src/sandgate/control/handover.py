"""Inside of an isolated run: give the gate a listening socket of this network namespace.

A socket belongs to the network namespace it was made in, whoever accepts on it. So nothing relays: the gate itself
accepts what is connected in here, as it does outside.

Run as a file, by `sandgate run --isolate`, it hands over the run's first ports and then becomes the command. Standard
library only, and nothing of sandgate: it may be started without `site`, which takes a third of the time.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys

__all__ = ["ACCEPTED", "PROXY", "hand_over", "main"]

ACCEPTED = b"ok"
PROXY = "https-proxy"
"""Stands in place of a worker for the port of the gate as a proxy."""
_HOST = "127.0.0.1"
_LONGEST = 4096
_NOT_EXECUTABLE, _NOT_FOUND, _NO_GATE = 126, 127, 6
"""As in `sandgate.errors`."""


def hand_over(inlet: str, worker: str, port: int) -> None:
    """Listen on the port here, and let the gate accept.

    Args:
        inlet: the gate's unix socket for this.
        worker: whose port it is.
        port: the same number as outside. One that is taken was handed over by another process of the worker.

    Raises:
        OSError: the gate is gone, or does not take it.
    """
    with socket.socket() as listening, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as gate:
        try:
            listening.bind((_HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return
            raise
        listening.listen()
        gate.connect(inlet)
        socket.send_fds(gate, [worker.encode()], [listening.fileno()])
        answer = gate.recv(_LONGEST)
        if answer != ACCEPTED:
            raise OSError(errno.EPROTO, answer.decode(errors="replace") or "the gate hung up")


def main(inlet: str, ports: str, ready: str, *command: str) -> int:
    """Hand over the run's first ports, tell the front end which process we are, and become the command.

    Args:
        inlet: the gate's unix socket.
        ports: of the worker `main`, and behind a comma that of the proxy, where the command shall have it.
        ready: file descriptor of the front end's socket; the kernel adds our process id to what is sent.
        command: program and arguments.

    Returns:
        Why the command could not be started, as an exit status.
    """
    try:
        for worker, port in zip(("main", PROXY), ports.split(","), strict=False):
            hand_over(inlet, worker, int(port))
    except OSError as error:
        sys.stderr.write(f"sandgate: the gate cannot be reached from inside: {error.strerror}\n")
        return _NO_GATE
    os.write(int(ready), b".")
    os.close(int(ready))
    # Python ignores these, and what is ignored stays ignored in the command.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the user's own command
    except FileNotFoundError:
        hint = "only the project, the Python environment and the system's folders are visible with --isolate"
        sys.stderr.write(f"sandgate: command not found inside: {command[0]}\n  hint:  {hint}\n")
        return _NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"sandgate: cannot execute {command[0]!r}: {error.strerror}\n")
        return _NOT_EXECUTABLE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
