"""Programs that build and install: without any variable of AWS, ended in time, and told of in words when they fail."""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from sandgate.core.environment import without_credentials
from sandgate.core.interrupts import blocked, ended_within, held_back
from sandgate.errors import EnvironmentFault
from sandgate.stories.guardian import end_marked
from sandgate.stories.model import SETUP_SECONDS

__all__ = ["build_environment", "run_program"]

_MARK = "STORY_PROGRAM"
"""Variable by which a program is known, and what it has started."""
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
    extra: Mapping[str, str] | None = None,
    limit: float = SETUP_SECONDS,
    more_time: str = "",
) -> str:
    """Run one to its end.

    Args:
        line: program and arguments.
        what: it does, for the message: `cannot {what}`.
        hint: what would be right.
        folder: where.
        extra: variables on top of `build_environment`.
        limit: seconds that it may take.
        more_time: what gives it more, for the message.

    Returns:
        Its standard output.

    Raises:
        EnvironmentFault: it is not there, fails, or takes too long; with the end of what it said.
    """
    environ = {**build_environment(), **(extra or {})}
    try:
        status, said, complaint = _run(line, environ, folder, limit)
    except OSError as error:
        raise EnvironmentFault(f"cannot {what}: {error.strerror}", where=line[0], hint=hint) from error
    if status == 0:
        return said
    last = (complaint.strip() or said.strip()).splitlines()[-_SHOWN:]
    tail = "\n".join(f"    {text}" for text in last)
    told = f"; {Path(line[0]).name} said:\n{tail}"
    if status is None:
        hint = "see what it waits for" + (f"; {more_time} gives it more time" if more_time else "")
        told = f": it was ended after {limit:g} s" + (told if last else "")
    raise EnvironmentFault(f"cannot {what}{told}", where=line[0], hint=hint)


def _run(
    line: Sequence[str], environ: Mapping[str, str], folder: Path | None, limit: float
) -> tuple[int | None, str, str]:
    """Status, output and errors; no status where it was ended, with all that it had started.

    Raises:
        OSError: it cannot be started.
    """
    mark, process, in_time = secrets.token_hex(8), None, False
    # Files and not pipes: what a program leaves running holds nobody up.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            with held_back():
                process = subprocess.Popen(  # noqa: S603 - programs of this module's callers
                    line,
                    env={**environ, _MARK: mark},
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                )
            in_time = ended_within(process, limit)
        finally:
            if process is not None and not in_time:
                with blocked():
                    process.kill()
                    process.wait()
                    end_marked(f"{_MARK}={mark}")
        return process.returncode if in_time else None, _text(output), _text(errors)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
