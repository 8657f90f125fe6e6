"""`sandgate run -- CMD`: any command in any language, through a gate of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from sandgate.cli._gated import run_gated
from sandgate.cli._model import Command
from sandgate.cli._options import flag_of

__all__ = ["COMMAND"]


def _run(
    command: Annotated[list[str], typer.Argument(help="Command to run, after --.", metavar="-- CMD…")],
    tier: Annotated[str | None, flag_of("tier")] = None,
    region: Annotated[str | None, flag_of("region")] = None,
    isolation: Annotated[str | None, flag_of("isolation")] = None,
    *,
    allow_empty: Annotated[bool | None, flag_of("allow_empty")] = None,
    record_params: Annotated[bool | None, flag_of("record_params")] = None,
    env_file: Annotated[str | None, flag_of("env_file")] = None,
    gate_port: Annotated[int | None, flag_of("gate_port")] = None,
) -> None:
    status = run_gated(
        command,
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
    _run,
    name="run",
    help="Run a command through a gate of its own.",
    examples=("sandgate run -- pytest tests/integration", "sandgate run --tier emulated -- npm test"),
    settings={"allow_interspersed_args": False},
)
