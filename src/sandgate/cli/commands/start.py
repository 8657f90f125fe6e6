"""`sandgate start`: a gate that no command holds; it lives until `sandgate stop`."""

from __future__ import annotations

from typing import Annotated

import typer

from sandgate.cli._model import Command
from sandgate.cli._options import flag_of, read_config
from sandgate.cli._status import status_line

__all__ = ["COMMAND"]


def _start(
    tier: Annotated[str | None, flag_of("tier")] = None,
    region: Annotated[str | None, flag_of("region")] = None,
    isolation: Annotated[str | None, flag_of("isolation")] = None,
    *,
    allow_empty: Annotated[bool | None, flag_of("allow_empty")] = None,
    record_params: Annotated[bool | None, flag_of("record_params")] = None,
    env_file: Annotated[str | None, flag_of("env_file")] = None,
    gate_port: Annotated[int | None, flag_of("gate_port")] = None,
) -> None:
    from sandgate import session  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.control.living import remember  # noqa: PLC0415

    config = read_config(
        tier=tier,
        region=region,
        isolation=isolation,
        allow_empty=allow_empty,
        record_params=record_params,
        env_file=env_file,
        gate_port=gate_port,
    )
    with status_line() as say:
        run = session.start(config, progress=say, detached=True)
    remember(config.root, run.id)
    run.leave()
    # The id alone on standard output, so that scripts can keep it.
    typer.echo(run.id)
    typer.echo(f"tier {run.tier}, namespace {run.namespace}, gate {run.gate_url}", err=True)
    typer.echo('for this shell:  eval "$(sandgate env)"      in fish:  sandgate env --format fish | source', err=True)
    typer.echo("in the end:      sandgate stop", err=True)


COMMAND = Command.of(
    _start,
    name="start",
    help="Start a gate that lives until `sandgate stop`, and print the id of its run.",
    examples=("sandgate start", "sandgate start --tier endpoints"),
)
