"""`sandgate stop`: end a run that `sandgate start` began: leftovers, verdict, receipt."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from sandgate.cli._bar import progress_bar
from sandgate.cli._here import here
from sandgate.cli._lines import show
from sandgate.cli._model import Command
from sandgate.cli._options import tier_named, tier_of, values_of
from sandgate.errors import UsageError

__all__ = ["COMMAND"]


def _stop(
    tier: Annotated[
        str, typer.Option("--tier", help="The run of that tier, where several live.", autocompletion=values_of("tier"))
    ] = "",
    run: Annotated[str, typer.Option("--run", help="Id or folder of a run; else the one started last.")] = "",
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Sweep nothing; `sandgate sweep RUN` does it later.")] = False,
) -> None:
    from sandgate import session  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.control.living import choose, forget  # noqa: PLC0415
    from sandgate.finish import finish  # noqa: PLC0415
    from sandgate.reports.summary import summary_lines  # noqa: PLC0415

    found = choose(cwd=here(), environ=os.environ, run=run, tier=tier, stands_for=tier_of(tier))
    if not found.detached:
        raise UsageError(f"the run {found.id} ends with the command that started it", hint="end that command")
    if keep:
        tier_named(found.tier).check_keep(keep="--keep")
    joined = session.reopen(found.directory)
    with progress_bar() as bar:
        tests_s = time.time() - joined.ready_at
        receipt = finish(joined, command=("sandgate", "start"), exit_status=0, tests_s=tests_s, keep=keep, say=bar)
    forget(joined.config.root, found.id)
    show([*summary_lines(receipt), f"  receipt  {found.directory / 'receipt.json'}"])
    raise typer.Exit(int(receipt.status))


COMMAND = Command.of(
    _stop,
    name="stop",
    help="End a run that `sandgate start` began: what is left, verdict, receipt.",
    examples=("sandgate stop", "sandgate stop --tier endpoints", "sandgate stop --keep"),
)
