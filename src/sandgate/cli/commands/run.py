"""`sandgate run -- CMD`: any command in any language, through a gate of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import Annotated

import typer

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
    with status_line() as say:
        run = session.start(config, progress=say)
    began = time.monotonic()
    code, interrupted = _child(command, run.environment(os.environ))
    receipt = finish(run, command=command, exit_status=code, tests_s=time.monotonic() - began, interrupted=interrupted)
    for line in summary_lines(receipt):
        typer.echo(line, err=True)
    # The command's own status is passed on; sandgate's speaks only where the command was content.
    raise typer.Exit(int(receipt.status) if receipt.status is not ExitCode.TESTS_FAILED else _passed_on(code))


def _passed_on(code: int) -> int:
    """A signal's number as shells write it."""
    return 128 - code if code < 0 else code


def _child(command: Sequence[str], environ: dict[str, str]) -> tuple[int, bool]:
    """Run it in our own process group and forward signals; Ctrl-C reaches it from the terminal by itself."""
    interrupted = False

    try:
        child = subprocess.Popen(command, env=environ)  # noqa: S603 - the user's own command
    except OSError as error:
        typer.echo(f"sandgate: cannot run {command[0]!r}: {error.strerror}", err=True)
        return 127, False

    def forward(number: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        if number != signal.SIGINT or not os.isatty(0):
            child.send_signal(number)

    previous = {n: signal.signal(n, forward) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        code = child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return code, interrupted


COMMAND = Command.of(
    _run,
    name="run",
    help="Run a command through a gate of its own.",
    examples=("sandgate run -- pytest tests/integration", "sandgate run --tier emulated -- npm test"),
    settings={"allow_interspersed_args": False},
)
