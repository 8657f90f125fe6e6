"""`sandgate start`: a gate that no command holds; it lives until `sandgate stop`."""

from __future__ import annotations

import typer

from sandgate.cli._lines import warn
from sandgate.cli._model import Command
from sandgate.cli._options import read_config, with_run_options
from sandgate.cli._status import status_line

__all__ = ["COMMAND"]


@with_run_options
def _start(**options: object) -> None:
    from sandgate import session  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.control.living import remember  # noqa: PLC0415

    config = read_config(**options)
    warn(config)
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
