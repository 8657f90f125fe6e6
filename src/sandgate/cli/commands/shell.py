"""`sandgate shell`: the user's shell, or one line in it, through a gate of its own."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from sandgate.cli._gated import run_gated
from sandgate.cli._model import Command
from sandgate.cli._options import with_run_options

__all__ = ["COMMAND"]

_POSIX = "/bin/sh"


@with_run_options
def _shell(
    line: Annotated[str | None, typer.Option("-c", help="Run this line instead of an interactive shell.")] = None,
    **options: object,
) -> None:
    shell = os.environ.get("SHELL") or _POSIX
    raise typer.Exit(run_gated([shell] if line is None else [shell, "-c", line], options))


COMMAND = Command.of(
    _shell,
    name="shell",
    help="Open your shell, or run one line in it, through a gate that ends with it.",
    examples=("sandgate shell", "sandgate shell -c 'aws s3 ls | wc -l'"),
)
