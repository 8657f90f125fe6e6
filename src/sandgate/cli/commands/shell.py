"""`sandgate shell`: the user's shell, or one line in it, through a gate of its own."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from sandgate.cli._gated import run_gated
from sandgate.cli._model import Command
from sandgate.cli._options import flag_of

__all__ = ["COMMAND"]

_POSIX = "/bin/sh"


def _shell(
    line: Annotated[str | None, typer.Option("-c", help="Run this line instead of an interactive shell.")] = None,
    tier: Annotated[str | None, flag_of("tier")] = None,
    region: Annotated[str | None, flag_of("region")] = None,
    isolation: Annotated[str | None, flag_of("isolation")] = None,
    *,
    allow_empty: Annotated[bool | None, flag_of("allow_empty")] = None,
    record_params: Annotated[bool | None, flag_of("record_params")] = None,
    env_file: Annotated[str | None, flag_of("env_file")] = None,
    gate_port: Annotated[int | None, flag_of("gate_port")] = None,
) -> None:
    shell = os.environ.get("SHELL") or _POSIX
    status = run_gated(
        [shell] if line is None else [shell, "-c", line],
        tier=tier,
        region=region,
        isolation=isolation,
        allow_empty=allow_empty,
        record_params=record_params,
        env_file=env_file,
        gate_port=gate_port,
    )
    raise typer.Exit(status)


COMMAND = Command.of(
    _shell,
    name="shell",
    help="Open your shell, or run one line in it, through a gate that ends with it.",
    examples=("sandgate shell", "sandgate shell -c 'aws s3 ls | wc -l'"),
)
