"""The commands that prepare the tests: before the gate starts, with the internet and without AWS."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping

from sandgate.config.env_file import protected_names
from sandgate.config.model import Config
from sandgate.core.environment import outside, preparing
from sandgate.errors import EnvironmentFault
from sandgate.run import key_names

__all__ = ["prepare"]

_STDERR = 2


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
            done = subprocess.run(  # noqa: S603 - what the project itself asks for
                ["/bin/sh", "-c", line],
                cwd=config.root,
                env=own,
                stdin=subprocess.DEVNULL,
                stdout=_STDERR,
                check=False,
            )
        except OSError as error:
            raise EnvironmentFault(f"a set-up command cannot be started: {error.strerror}", where=line) from error
        if done.returncode != 0:
            ended = f"ended with status {done.returncode}" if done.returncode > 0 else "was ended by a signal"
            raise EnvironmentFault(
                f"a set-up command {ended}: {line}",
                where=f"setup, {config.sources.get('setup', '')}",
                hint="it runs in the folder of the configuration file, and sees no variable of AWS",
            )
