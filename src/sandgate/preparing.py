"""The commands that prepare the tests: before the gate starts, with the internet and without AWS."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from sandgate.config.env_file import protected_names
from sandgate.config.model import Config
from sandgate.core.environment import outside, preparing
from sandgate.core.interrupts import blocked, ended_within, held_back
from sandgate.errors import EnvironmentFault
from sandgate.run import key_names

__all__ = ["prepare"]

_STDERR = 2
_PATIENCE_SECONDS = 5.0


def prepare(config: Config, environ: Mapping[str, str], progress: Callable[[str], None]) -> None:
    """Run `setup` to its end; what it says goes to standard error, which no caller reads.

    Args:
        config: of the run.
        environ: the user's.
        progress: told each line before it runs.

    Raises:
        EnvironmentFault: a command failed, or there is no shell.
    """
    names = protected_names(config) | key_names(config)
    own = preparing(outside(environ), names)
    for line in config.setup_commands:
        progress(f"set-up: {line}")
        try:
            status = _run(line, config.root, own)
        except OSError as error:
            raise EnvironmentFault(f"a set-up command cannot be started: {error.strerror}", where=line) from error
        if status != 0:
            ended = f"ended with status {status}" if status > 0 else "was ended by a signal"
            raise EnvironmentFault(
                f"a set-up command {ended}: {line}",
                where=f"setup, {config.sources.get('setup', '')}",
                hint="it runs in the folder of the configuration file, and sees no variable of AWS",
            )


def _run(line: str, folder: Path, environ: Mapping[str, str]) -> int:
    """Run one line; nothing of it outlives an interruption.

    Raises:
        OSError: it cannot be started.
    """
    # What a terminal sends, its whole process group gets. Elsewhere a signal is for us alone, and passed on to a group.
    apart = not os.isatty(0)
    process: subprocess.Popen[bytes] | None = None
    try:
        with held_back():
            process = subprocess.Popen(  # noqa: S603 - what the project itself asks for
                ["/bin/sh", "-c", line],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=_STDERR,
                process_group=0 if apart else None,
            )
        ended_within(process)
        return process.wait()
    except BaseException:
        if process is not None:
            _end(process, apart=apart)
        raise


def _end(process: subprocess.Popen[bytes], *, apart: bool) -> None:
    try:
        _send(process, signal.SIGTERM, apart=apart)
        ended_within(process, _PATIENCE_SECONDS)
    finally:
        with blocked():
            _send(process, signal.SIGKILL, apart=apart)
            process.wait()


def _send(process: subprocess.Popen[bytes], number: int, *, apart: bool) -> None:
    with blocked(), contextlib.suppress(ProcessLookupError, PermissionError):
        if apart:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
