"""`sandgate run -- CMD`: any command in any language, through a gate of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Annotated

import typer

from sandgate.cli._child import Signals, find_program, shell_status
from sandgate.cli._model import Command
from sandgate.cli._options import flag_of, read_config
from sandgate.cli._status import status_line
from sandgate.errors import ExitCode, UsageError

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
    from sandgate import session  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.finish import finish  # noqa: PLC0415
    from sandgate.reports.summary import summary_lines  # noqa: PLC0415

    if os.environ.get("SANDGATE_RUN_DIR"):
        raise UsageError("this shell already belongs to a run", hint="run the command itself, or leave the run first")
    config = read_config(
        tier=tier,
        region=region,
        isolation=isolation,
        allow_empty=allow_empty,
        record_params=record_params,
        env_file=env_file,
        gate_port=gate_port,
    )
    find_program(command[0], os.environ)
    with Signals() as signals:
        with status_line() as say:
            run = session.start(config, progress=say)
        began = time.monotonic()
        try:
            code = _child(signals, command, run.environment(os.environ))
            receipt = finish(
                run,
                command=command,
                exit_status=code,
                tests_s=time.monotonic() - began,
                interrupted=signals.interrupted,
            )
        except BaseException:
            run.kill()
            raise
        for line in summary_lines(receipt):
            typer.echo(line, err=True)
    if signals.interrupted:
        raise typer.Exit(int(ExitCode.INTERRUPTED))
    # The command's own status is passed on; sandgate's speaks only where the command was content.
    raise typer.Exit(int(receipt.status) if receipt.status is not ExitCode.TESTS_FAILED else shell_status(code))


def _child(signals: Signals, command: Sequence[str], environ: dict[str, str]) -> int:
    try:
        return signals.run(command, environ)
    except OSError as error:  # a script without an interpreter, a program for another machine
        typer.echo(f"sandgate: cannot execute {command[0]!r}: {error.strerror}", err=True)
        return int(ExitCode.NOT_EXECUTABLE)


COMMAND = Command.of(
    _run,
    name="run",
    help="Run a command through a gate of its own.",
    examples=("sandgate run -- pytest tests/integration", "sandgate run --tier emulated -- npm test"),
    settings={"allow_interspersed_args": False},
)
