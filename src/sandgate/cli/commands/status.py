"""`sandgate status`: runs that live, and what those that do not have left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sandgate.cli._here import here
from sandgate.cli._model import Command
from sandgate.cli._runs import as_json, chosen, complete_runs, run_lines, runs_of
from sandgate.cli._shared import look
from sandgate.reports.lines import wrapped

if TYPE_CHECKING:
    from sandgate.past import Past

__all__ = ["COMMAND"]


def _status(
    run: Annotated[
        str, typer.Argument(help="Show this run and each resource of it.", autocompletion=complete_runs)
    ] = "",
    *,
    each: Annotated[bool, typer.Option("--all", help="Show each resource of every run.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    elsewhere = look(runs_of(here()))
    runs = elsewhere.runs
    shown = chosen(runs, [run]) if run else tuple(past for past in runs if past.live or past.alive or past.failure)
    elsewhere.tell()
    if json_output:
        found: dict[str, object] = {"schema": 1, "runs": [as_json(past, each=each or bool(run)) for past in shown]}
        if elsewhere.failure is not None:
            found["others_unknown"] = elsewhere.failure.message
        typer.echo(json.dumps(found, indent=2))
        return
    if not shown:
        typer.echo("no run lives here, and none has left anything")
        return
    now = time.time()
    for past in shown:
        for line in run_lines(past, now=now, each=each or bool(run)):
            typer.echo(line)
    for line in _next_steps(shown, listed=each or bool(run)):
        typer.echo(line)


def _next_steps(shown: Sequence[Past], *, listed: bool) -> Iterator[str]:
    """What can be done about it."""
    if not listed and any(past.alive for past in shown):
        yield "`sandgate status RUN` shows each resource, `--all` those of every run"
    if any((past.directory / "detached").exists() for past in shown if past.live and not past.being_swept):
        yield "`sandgate stop` ends a live run that `sandgate start` began, and sweeps it"
    dead = [past for past in shown if not past.live and past.alive]
    if any(not past.gone_with_upstream for past in dead):
        yield "`sandgate sweep` removes what runs left that do not live any more"
    elif dead:
        yield "`sandgate sweep` closes runs whose upstream is gone; nothing of them is left"
    if any(past.failure for past in shown):
        yield from wrapped(
            "what a run owns whose ledger cannot be read is not known: `sandgate sweep --adopt-prefix` looks for it by "
            "prefix; delete the run's folder when nothing of it is left", ""
        )  # fmt: skip


COMMAND = Command.of(
    _status,
    name="status",
    help="Show the runs that live, and what each run still owns.",
    examples=("sandgate status", "sandgate status --all", "sandgate status 20260131-120000-k3x9q2 --json"),
)
