"""Programs that build and install: run without any variable of AWS, and told of in words when they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandgate.core.environment import without_credentials
from sandgate.errors import EnvironmentFault

__all__ = ["build_environment", "run_program"]

_OF_PYTHON = frozenset({"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"})
_OF_US = "SANDGATE_"
_SHOWN = 12


def build_environment() -> dict[str, str]:
    """This process's environment for programs that build: nothing of AWS, of a run, or of the Python that runs here."""
    kept = without_credentials(os.environ, frozenset())
    return {name: value for name, value in kept.items() if name not in _OF_PYTHON and not name.startswith(_OF_US)}


def run_program(
    line: Sequence[str],
    *,
    what: str,
    hint: str = "",
    folder: Path | None = None,
    stdin: str = "",
    extra: Mapping[str, str] | None = None,
) -> str:
    """Run one to its end.

    Args:
        line: program and arguments.
        what: it does, for the message: `cannot {what}`.
        hint: what would be right.
        folder: where.
        stdin: what it reads.
        extra: variables on top of `build_environment`.

    Returns:
        Its standard output.

    Raises:
        EnvironmentFault: it is not there, or fails; with the end of what it said.
    """
    environ = {**build_environment(), **(extra or {})}
    try:
        done = subprocess.run(  # noqa: S603 - programs of this module's callers
            line, env=environ, cwd=folder, input=stdin, capture_output=True, text=True, check=False, errors="replace"
        )
    except OSError as error:
        raise EnvironmentFault(f"cannot {what}: {error.strerror}", where=line[0], hint=hint) from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_SHOWN:]
        tail = "\n".join(f"    {text}" for text in said)
        raise EnvironmentFault(f"cannot {what}; {Path(line[0]).name} said:\n{tail}", where=line[0], hint=hint)
    return done.stdout
