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

_OF_A_RUN = ("config.json", "events.jsonl")
"""What no other folder has beside them: what the run was told, and what it did."""


def _explain(
    run: Annotated[
        str, typer.Argument(help="Id of the run; the newest without one.", autocompletion=complete_runs)
    ] = "",
) -> None:
    directory = _directory(run)
    show(explanation_lines(directory, directory.name))


def _directory(run: str) -> Path:
    # `--help` must not pay for it.
    from sandgate.control.living import is_there, project_folder, run_folders  # noqa: PLC0415

    def is_run(name: str) -> bool:
        return any(is_there(known[name] / file) for file in _OF_A_RUN)

    project = project_folder(here())
    known = {path.name: path for path in (run_folders(project) if project else ())}
    name = run or next(filter(is_run, reversed(known)), "")
    if name not in known or not is_run(name):
        close = nearest(name, known.keys() - {name})
        hint = f"did you mean {close}?" if close else "`sandgate run -- COMMAND` makes one"
        raise UsageError(f"there is no run {name!r} here" if run else "there is no run here", hint=hint)
    return known[name]


COMMAND = Command.of(
    _explain,
    name="explain",
    help="Say what is known about the failed calls of a run.",
    examples=("sandgate explain", "sandgate explain 20260101-120000-abc123"),
)
