"""`sandgate explain`: failed calls of a run that are known, with cause and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sandgate.cli._explain import explanation_lines
from sandgate.cli._here import here
from sandgate.cli._lines import show
from sandgate.cli._model import Command
from sandgate.cli._runs import complete_runs
from sandgate.core.registry import nearest
from sandgate.errors import UsageError

__all__ = ["COMMAND"]


def _explain(
    run: Annotated[
        str, typer.Argument(help="Id of the run; the newest without one.", autocompletion=complete_runs)
    ] = "",
) -> None:
    directory = _directory(run)
    show(explanation_lines(directory, directory.name))


def _directory(run: str) -> Path:
    from sandgate.control.living import project_folder  # noqa: PLC0415 - `--help` must not pay for it

    folder = project_folder(here())
    known = sorted(path.name for path in (folder / ".sandgate" / "runs").iterdir()) if folder else []
    name = run or (known[-1] if known else "")
    if folder is None or name not in known:
        close = nearest(name, known)
        hint = f"did you mean {close}?" if close else "`sandgate run -- COMMAND` makes one"
        raise UsageError(f"there is no run {name!r} here" if run else "there is no run here", hint=hint)
    return folder / ".sandgate" / "runs" / name


COMMAND = Command.of(
    _explain,
    name="explain",
    help="Say what is known about the failed calls of a run.",
    examples=("sandgate explain", "sandgate explain 20260101-120000-abc123"),
)
