"""A command in namespaces of its own (bubblewrap): no home, no other process, no network but the gate."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sandgate.cli._bwrap import options_of
from sandgate.cli._child import Signals
from sandgate.cli._visible import check_project, home_inside, inside_environment, layout_of
from sandgate.config.model import Config
from sandgate.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from sandgate.run import Run

__all__ = ["Cage", "Isolation", "check_kernel", "remedy_of"]

_PROGRAM = "bwrap"
_CREDENTIALS = struct.Struct("3i")
"""struct ucred: process, user and group id (unix(7), SCM_CREDENTIALS)."""
_SO_PASSCRED, _SCM_CREDENTIALS = 16, 2
_CONTAINER = (
    "in a container, start it so that it may make namespaces: `docker run --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined …`"
)
_APPARMOR = "kernel/apparmor_restrict_unprivileged_userns"
_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "`sudo sysctl -w kernel.unprivileged_userns_clone=1` allows them"),
    ("user/max_user_namespaces", "0", "`sudo sysctl -w user.max_user_namespaces=10000` allows them"),
    (
        _APPARMOR,
        "1",
        f"a profile of AppArmor with `userns,` allows them to bwrap, `sudo sysctl -w {_APPARMOR}=0` to everybody",
    ),
)
"""Switches below /proc/sys, the value that forbids user namespaces, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What must be known before a gate is started."""

    config: Config
    bwrap: str
    program: str
    environ: Mapping[str, str]

    @classmethod
    def prepared(cls, config: Config, environ: Mapping[str, str], program: str) -> Isolation:
        """See whether a command can be isolated here.

        Raises:
            EnvironmentFault: there is no bubblewrap, or the kernel does not let it work.
            UsageError: the project holds the home, or there is to be a second account.
        """
        if config.also_profile:
            raise UsageError(
                "an isolated command sees no AWS profiles, so it cannot have a second account",
                where=f"also_profile, {config.sources.get('also_profile', '')}",
            )
        if sys.platform != "linux":
            raise EnvironmentFault(
                "--isolate needs Linux: it is made of namespaces, which this system does not have",
                where=f"platform {sys.platform}",
                hint="run it in a Linux container or virtual machine, or leave --isolate out",
            )
        bwrap = shutil.which(_PROGRAM, path=environ.get("PATH"))
        if bwrap is None:
            raise EnvironmentFault(
                "--isolate needs bubblewrap, and it is not installed",
                where=f"PATH={environ.get('PATH', '')}",
                hint="`sudo apt install bubblewrap` or `sudo dnf install bubblewrap`",
            )
        check_project(config, environ)
        check_kernel(bwrap)
        return cls(config=config, bwrap=bwrap, program=str(Path(program).absolute()), environ=environ)

    def of(self, run: Run) -> Cage:
        """The isolation of one run's command."""
        from sandgate.control.view import FOLDER, make_view  # noqa: PLC0415 - `--help` must not pay for it

        door, work_dir = run.open_door()
        view = work_dir / "view"
        make_view(run.directory, view, home_inside(self.environ) / ".cache" / "sandgate")
        layout = layout_of(
            self.config,
            self.environ,
            self.program,
            private=(work_dir, run.cache_dir),
            empty=run.directory / "empty",
            mounts=[(view, run.directory)],
            readable=[(run.directory / "events.jsonl", run.directory / "events.jsonl"), (door, FOLDER)],
        )
        return Cage(
            bwrap=self.bwrap,
            options=options_of(layout),
            ports=(int(run.gate_url.rpartition(":")[2]), run.proxy_port),
            view=view,
            run_directory=run.directory,
        )


def check_kernel(bwrap: str) -> None:
    """Try it out, with nothing.

    Raises:
        EnvironmentFault: what bubblewrap said, and what would allow it.
    """
    nothing = ("--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", sys.executable, "-V")
    done = subprocess.run([bwrap, *nothing], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[0]
        if said.startswith("bwrap: execvp"):
            raise EnvironmentFault(
                "this Python cannot be executed without the rights of root, so nothing can be isolated",
                where=said,
                hint=f"let user {os.getuid()} own {sys.prefix} and {sys.base_prefix}, or let everybody read them",
            )
        raise EnvironmentFault(
            "bubblewrap cannot make namespaces here, so nothing can be isolated", where=said, hint=remedy_of()
        )


def remedy_of(switches: Path = Path("/proc/sys")) -> str:
    """What would let bubblewrap work, by the switches that the kernel shows."""
    for name, forbids, remedy in _SWITCHES:
        with contextlib.suppress(OSError):
            if (switches / name).read_text(encoding="ascii").strip() == forbids:
                return f"the kernel forbids user namespaces: {remedy}"
    return _CONTAINER


@dataclass(frozen=True, slots=True, kw_only=True)
class Cage:
    """The isolation of one run's command."""

    bwrap: str
    options: Sequence[str]
    ports: tuple[int, int]
    """Of the gate and of the proxy, and so inside."""
    view: Path
    run_directory: Path

    def run(self, signals: Signals, command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run a command to its end; see `Signals.run`.

        Raises:
            EnvironmentFault: bubblewrap could not start it.
        """
        from sandgate.control.view import take_back  # noqa: PLC0415 - `--help` must not pay for it

        try:
            return signals.run(command, inside_environment(environ), self._launch)
        finally:
            take_back(self.view, self.run_directory)

    def _launch(self, command: Sequence[str], environ: Mapping[str, str]) -> _Isolated:
        from sandgate.control import handover  # noqa: PLC0415 - `--help` must not pay for it
        from sandgate.control.door import INLET  # noqa: PLC0415
        from sandgate.control.view import FOLDER  # noqa: PLC0415

        ours, theirs = socket.socketpair()
        with ours, theirs, _file_of(self.options) as options:
            ours.setsockopt(socket.SOL_SOCKET, _SO_PASSCRED, 1)
            first = (sys.executable, "-I", "-S", handover.__file__, str(FOLDER / INLET), ",".join(map(str, self.ports)))
            line = [self.bwrap, "--args", str(options.fileno()), "--", *first, str(theirs.fileno()), *command]
            # Not in our process group: what the terminal sends there would end bubblewrap, and the command with it.
            process = subprocess.Popen(  # noqa: S603 - the user's own command
                line, env=environ, pass_fds=(options.fileno(), theirs.fileno()), process_group=0
            )
            theirs.close()
            return _Isolated(process, _sender(ours))


class _Isolated:
    """A command inside, and bubblewrap around it, which ends with the command's status."""

    def __init__(self, process: subprocess.Popen[bytes], command: int) -> None:
        self._process = process
        self._command = command

    def poll(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        self._process.kill()  # and with it all that is inside

    def send(self, number: int, *, typed: bool) -> None:
        """Inside is a session of its own, which no terminal reaches: what was typed goes to the whole of it."""
        if self._command:
            with contextlib.suppress(ProcessLookupError):
                if typed:
                    os.killpg(os.getpgid(self._command), number)
                else:
                    os.kill(self._command, number)
        elif number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            self.kill()


def _file_of(options: Sequence[str]) -> IO[bytes]:
    """The options as bwrap reads them from `--args`, each ended by a zero."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(b"".join(os.fsencode(option) + b"\0" for option in options))
    file.seek(0)
    return file


def _sender(ours: socket.socket) -> int:
    """The process that says it becomes the command, by our numbers; zero when there was none."""
    said, ancillary, _flags, _address = ours.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
    for level, kind, data in ancillary if said else ():
        if (level, kind) == (socket.SOL_SOCKET, _SCM_CREDENTIALS):
            return int(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0])
    return 0
