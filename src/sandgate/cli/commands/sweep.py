"""`sandgate sweep`: remove what runs have left that do not live any more, and nothing else."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from sandgate.cli._adopt import adopt
from sandgate.cli._ages import parse_age
from sandgate.cli._here import here
from sandgate.cli._model import Command
from sandgate.cli._options import flag_of
from sandgate.cli._runs import chosen, complete_runs, runs_of
from sandgate.cli._shared import look
from sandgate.cli._sweep import How, Report, check_can_ask, pick, sweep_all
from sandgate.errors import ExitCode, UsageError

__all__ = ["COMMAND"]


def _sweep(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN", help="Sweep these; else every run that does not live.", autocompletion=complete_runs
        ),
    ] = None,
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="Leave out runs that began later: 90s, 30m, 2h, 7d.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the whole plan, and remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Let go of what a RUN named here cannot sweep: you look after it.")
    ] = False,
    adopt_prefix: Annotated[
        bool, typer.Option("--adopt-prefix", help="Sweep what carries the prefix and is in no ledger of the project.")
    ] = False,
    tier: Annotated[str | None, flag_of("tier")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    how = How(dry_run=dry_run, yes=yes, json=json_output, forget=forget)
    if forget and (not runs or dry_run):
        raise UsageError("--forget is for runs that are named, and swept", hint="sandgate sweep RUN --forget")
    age = parse_age(older_than) if older_than else 0.0
    if adopt_prefix:
        if runs or older_than:
            raise UsageError("--adopt-prefix is about what no run owns", hint="leave RUN and --older-than out")
        status = adopt(tier, how)
    elif tier is not None:
        raise UsageError("--tier belongs to --adopt-prefix", hint="runs are swept on the tier that they ran on")
    else:
        status = _sweep_runs(runs or [], age, how)
    raise typer.Exit(status)


def _sweep_runs(names: list[str], age: float, how: How) -> int:
    elsewhere = look(runs_of(here()))
    known, report, now = elsewhere.runs, Report(), time.time()
    if elsewhere.failure is not None:
        elsewhere.tell()
        report.failures.append(elsewhere.failure.exit_code)
    picked = pick(
        chosen(known, names) if names else known, named=bool(names), older_than=age, now=now, report=report, how=how
    )
    if any(not past.gone_with_upstream for past in picked):
        check_can_ask(how)
    try:
        sweep_all(picked, now=now, report=report, how=how, known=known)
        if not how.dry_run:
            from sandgate.past import tidy  # noqa: PLC0415 - `--help` must not pay for it

            tidy(chosen(known, names) if names else known)
        if not names and not how.dry_run:
            elsewhere.close_empty()
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sandgate: stopped; `sandgate sweep` goes on with it", err=True)
        return int(ExitCode.INTERRUPTED)
    if how.json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    elif not picked:
        typer.echo(report.nothing)
    return int(report.status)


COMMAND = Command.of(
    _sweep,
    name="sweep",
    help="Remove what runs have left that do not live any more, and prove that it is gone.",
    examples=(
        "sandgate sweep --dry-run",
        "sandgate sweep 20260131-120000-k3x9q2",
        "sandgate sweep --older-than 2h --yes",
        "sandgate sweep --adopt-prefix --tier endpoints",
    ),
)
