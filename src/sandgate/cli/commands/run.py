"""`sandgate run -- CMD`: any command in any language, through a gate of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from sandgate.cli._gated import run_gated
from sandgate.cli._model import Command
from sandgate.cli._options import with_run_options

__all__ = ["COMMAND"]


@with_run_options
def _run(
    command: Annotated[list[str], typer.Argument(help="Command to run, after --.", metavar="-- CMD…")],
    *,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate", help="Without the home, env files, other processes, or a network but the gate (bubblewrap)."
        ),
    ] = False,
    **options: object,
) -> None:
    raise typer.Exit(run_gated(command, options, isolate=isolate))


COMMAND = Command.of(
    _run,
    name="run",
    help="Run a command through a gate of its own.",
    examples=("sandgate run -- pytest tests/integration", "sandgate run --tier emulated -- npm test"),
    settings={"allow_interspersed_args": False},
)
