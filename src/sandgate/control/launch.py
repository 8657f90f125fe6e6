"""Starting the gate process and hearing from it until it is ready."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from sandgate import errors
from sandgate.control.messages import check_socket_path
from sandgate.core.environment import outside
from sandgate.core.interrupts import blocked, ended_within
from sandgate.errors import EnvironmentFault, RunError, SandgateError

__all__ = [
    "end",
    "gate_environment",
    "hang_up",
    "let_go",
    "make_work_dir",
    "name_work_dir",
    "spawn",
    "wait_gone",
    "wait_ready",
]

_PASSED_ON = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "XDG_CACHE_HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "https_proxy",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
)
_PREFIXES_PASSED_ON = ("PIP_", "UV_", "SSL_", "REQUESTS_CA", "COVERAGE")
"""What making the emulator's environment may need; nothing that holds a credential of AWS."""
_STOP_SECONDS = 40.0
_HANG_UP_SECONDS = 3.0
_INSTALL_SECONDS = 600.0


def name_work_dir() -> Path:
    """A name for a fresh directory for sockets and temporary files, on a path that is short enough for a socket.

    The front end makes it, so that it can be removed even when the gate was killed; the name comes first, so that
    there is no moment in which it exists and nobody knows it.

    Raises:
        EnvironmentFault: there is no place for temporary files, or none with a short path.
    """
    name = f"sg-{secrets.token_hex(4)}"
    try:
        path = Path(tempfile.gettempdir()) / name
    except OSError as error:
        raise _no_room(error) from error
    try:
        check_socket_path(path / "control.sock")
    except EnvironmentFault:
        path = Path("/tmp") / name  # noqa: S108 - fresh, and 0700
    return path


def make_work_dir(path: Path) -> None:
    """Make it, for this user only.

    Raises:
        EnvironmentFault: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"cannot make a temporary directory: {error.strerror or error}",
        where=f"TMPDIR={os.environ.get('TMPDIR', '')}",
        hint="make room in it, or set TMPDIR to a directory that you may write",
    )


def gate_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a gate sees of a front end's environment.

    Args:
        environ: it; in the midst of another run proxy and certificates in it are for that run's children.
    """
    own = outside(environ)
    found = {k: v for k, v in own.items() if k in _PASSED_ON or k.startswith(_PREFIXES_PASSED_ON)}
    # Not our own sys.path: it holds the user's folder, and a file there named like a module would shadow it.
    package = Path(__file__).parents[2]
    found["PYTHONPATH"] = os.pathsep.join(p for p in (environ.get("PYTHONPATH", ""), str(package)) if p)
    return found


def spawn(order: Mapping[str, object], directory: Path) -> subprocess.Popen[bytes]:
    """A session of its own: Ctrl-C reaches the front end only. No secret is in its arguments or environment."""
    try:
        with (directory / "gate.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "sandgate.daemon"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=gate_environment(os.environ),
                cwd="/",
                start_new_session=True,
            )
    except OSError as error:
        raise EnvironmentFault(f"cannot start the gate: {error.strerror}", where=str(directory)) from error
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it died at once: whoever waits for it says so
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
    return process


def wait_ready(
    process: subprocess.Popen[bytes], timeout: float, progress: Callable[[str], None], directory: Path
) -> None:
    """Read what the gate says until it is ready; making the emulator's environment does not count as time."""
    assert process.stdout is not None
    lines: queue.Queue[bytes] = queue.Queue()
    # Signals are the main thread's: it waits for them by name while a command runs.
    with blocked(signal.valid_signals()):
        threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    deadline = time.monotonic() + timeout
    while True:
        try:
            line = lines.get(timeout=max(0.05, deadline - time.monotonic()))
        except queue.Empty:
            raise RunError(
                f"the gate was not ready after {timeout:.0f} s",
                where=str(directory / "gate.log"),
                hint="raise gate_timeout",
            ) from None
        if not line:
            raise RunError(
                "the gate ended before it was ready", where=str(directory / "gate.log"), hint=_last(directory)
            )
        message = json.loads(line)
        if "progress" in message:
            progress(str(message["progress"]))
            deadline = time.monotonic() + max(
                timeout, 600.0 if "environment" in line.decode() or "install" in line.decode() else 0.0
            )
        elif "warning" in message:
            sys.stderr.write(f"sandgate: {message['warning']}\n")
            sys.stderr.flush()
        elif "error" in message:
            raise _error(message["error"])
        elif message.get("ready"):
            return


def _pump(source: IO[bytes], lines: queue.Queue[bytes]) -> None:
    for line in source:
        lines.put(line)
    lines.put(b"")


def _error(data: Mapping[str, str]) -> SandgateError:
    kind = getattr(errors, data["kind"], RunError)
    if not (isinstance(kind, type) and issubclass(kind, SandgateError)):
        kind = RunError
    return kind(data["message"], where=data["where"], hint=data["hint"])


def _last(directory: Path) -> str:
    with contextlib.suppress(OSError):
        lines = (directory / "gate.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
    return ""


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Hang up on a gate that was told to stop, and wait for its end."""
    _close_leash(process)
    try:
        ended_within(process, _STOP_SECONDS)
    finally:
        end(process)


def hang_up(process: subprocess.Popen[bytes] | None, work_dir: Path) -> None:
    """End a gate that is not wanted any more; it may tidy up for a moment, then nothing of it is left.

    A second Ctrl-C while it tidies up ends it at once.
    """
    try:
        if process is not None:
            _close_leash(process)
            with blocked():  # as waiting for it, signalling it takes a lock
                process.terminate()  # a detached gate has no leash
            ended_within(process, _HANG_UP_SECONDS)
    finally:
        end(process, work_dir)


def end(process: subprocess.Popen[bytes] | None, work_dir: Path | None = None) -> None:
    """Kill what is left of a gate and of its installer, and remove its temporary files; not even Ctrl-C stops this.

    The emulator, in a process group of its own, ends by itself when its gate is gone; until then it may still write.
    """
    with blocked():
        if process is not None:
            _kill(process)
        deadline = time.monotonic() + _HANG_UP_SECONDS
        while work_dir is not None and work_dir.exists() and time.monotonic() < deadline:
            shutil.rmtree(work_dir, ignore_errors=True)
            time.sleep(0.01)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:  # not waited for: its number is still its own
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _close_leash(process)
    if process.stdout is not None:
        process.stdout.close()


def _close_leash(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def wait_gone(marker: Path) -> None:
    """Wait until a gate that somebody else started has taken its run.json away."""
    deadline = time.monotonic() + _STOP_SECONDS
    while marker.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
