"""`sandgate env`: what a shell must set and unset to belong to a living run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from sandgate.cli._here import here
from sandgate.cli._model import Command
from sandgate.cli._options import tier_of, values_of
from sandgate.cli._shells import Format, cleared, render, with_memory
from sandgate.errors import UsageError

__all__ = ["COMMAND"]


def _env(
    tier: Annotated[
        str, typer.Option("--tier", help="The run of that tier, where several live.", autocompletion=values_of("tier"))
    ] = "",
    run: Annotated[str, typer.Option("--run", help="Id or folder of a run; else the one started last.")] = "",
    form: Annotated[Format, typer.Option("--format", help="Who reads it.")] = Format.SH,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Unset what an earlier `sandgate env` has set.")] = False,
) -> None:
    from sandgate import session  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.control.elsewhere import NODE_PRELOAD  # noqa: PLC0415
    from sandgate.control.living import choose  # noqa: PLC0415

    if clear:
        if tier or run:
            raise UsageError("--clear concerns no run", hint="leave --tier and --run out")
        typer.echo(render(form, cleared(os.environ, str(NODE_PRELOAD))), nl=False)
        return
    found = choose(cwd=here(), environ=os.environ, run=run, tier=tier, stands_for=tier_of(tier))
    joined = session.reopen(found.directory)
    try:
        changes = joined.changes(os.environ)
    finally:
        joined.leave()
    typer.echo(render(form, with_memory(changes, os.environ)), nl=False)


COMMAND = Command.of(
    _env,
    name="env",
    help="Print what a shell must set and unset to belong to a living run.",
    examples=(
        'eval "$(sandgate env)"',
        "sandgate env --format fish | source",
        "sandgate env --tier endpoints --format json",
        'eval "$(sandgate env --clear)"',
    ),
)
