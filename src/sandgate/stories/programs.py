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
_LATE_HINT = "see what it waits for; `setup_timeout` in the story.toml gives it more time"


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
) -> str:
    """Run one to its end.

    Args:
        line: program and arguments.
        what: it does, for the message: `cannot {what}`.
        hint: what would be right.
        folder: where.
        extra: variables on top of `build_environment`.
        limit: seconds that it may take.

    Returns:
        Its standard output.

    Raises:
        EnvironmentFault: it is not there, fails, or takes too long; with the end of what it said.
    """
    mark = secrets.token_hex(8)
    environ = {**build_environment(), **(extra or {}), _MARK: mark}
    # Files and not pipes: what a program leaves running holds nobody up.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process, in_time = None, False
        try:
            with held_back():
                process = subprocess.Popen(  # noqa: S603 - programs of this module's callers
                    line, env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
                )
            in_time = ended_within(process, limit)
        except OSError as error:
            raise EnvironmentFault(f"cannot {what}: {error.strerror}", where=line[0], hint=hint) from error
        finally:
            if process is not None and not in_time:
                with blocked():
                    process.kill()
                    process.wait()
                    end_marked(f"{_MARK}={mark}")
        said, complaint = _text(output), _text(errors)
    if in_time and process.returncode == 0:
        return said
    late = "" if in_time else f": it was ended after {limit:g} s"
    last = (complaint.strip() or said.strip()).splitlines()[-_SHOWN:]
    tail = "\n".join(f"    {text}" for text in last)
    told = f"; {Path(line[0]).name} said:\n{tail}" if last or in_time else ""
    raise EnvironmentFault(f"cannot {what}{late}{told}", where=line[0], hint=hint if in_time else _LATE_HINT)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
