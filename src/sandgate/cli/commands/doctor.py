"""`sandgate doctor`: what is as it should be here, what is not, and what mends it."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Annotated

import typer

from sandgate.cli._here import here
from sandgate.cli._model import Command
from sandgate.cli._options import flag_of, read_config
from sandgate.cli._status import status_line
from sandgate.errors import ExitCode

__all__ = ["COMMAND"]


def _doctor(
    tier: Annotated[str | None, flag_of("tier")] = None,
    *,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    from sandgate.cli._doctor import as_json, examine, lines, must_be_mended  # noqa: PLC0415 - `--help` is quicker
    from sandgate.cli.checks._aws import prepare  # noqa: PLC0415
    from sandgate.cli.checks._model import Check, Facts  # noqa: PLC0415
    from sandgate.core.registry import discover  # noqa: PLC0415

    facts = Facts(config=read_config(tier=tier), environ=dict(os.environ), here=here(), now=time.time())
    checks = discover("sandgate.cli.checks", "CHECK", Check).values()
    if facts.real:
        prepare(facts)
    with status_line("looking") as say:
        results = examine(checks, facts, say=say)
    status = ExitCode.MEND if must_be_mended(results) else ExitCode.OK
    if json_output:
        typer.echo(json.dumps(as_json(results, facts, int(status)), indent=2))
    else:
        for line in lines(results, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ):
            typer.echo(line)
    raise typer.Exit(int(status))


COMMAND = Command.of(
    _doctor,
    name="doctor",
    help="Look at credentials, account, env file, emulator and runs; say what to mend, and how.",
    examples=("sandgate doctor", "sandgate doctor --tier sandbox", "sandgate doctor --json"),
)
