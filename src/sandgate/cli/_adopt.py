"""`sandgate sweep --adopt-prefix`: what carries the prefix and is in no ledger, from suites without sandgate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from sandgate.cli._options import read_config, tier_named
from sandgate.cli._plans import not_listed_json, not_listed_lines, stray_json, stray_lines
from sandgate.cli._status import status_line
from sandgate.cli._sweep import How, Report, agreed, carry_out, check_can_ask
from sandgate.errors import UsageError
from sandgate.reports.lines import wrapped

if TYPE_CHECKING:
    from sandgate.config.model import Config
    from sandgate.run import Run

__all__ = ["adopt"]


def adopt(tier: str | None, how: How) -> int:
    """Look for what carries the prefix, show it, ask, take it into a fresh run's ledger, and sweep that.

    Args:
        tier: where to look; the configuration's where it is `None`.
        how: what else was typed.

    Returns:
        The exit status.

    Raises:
        SandgateError: nothing on the tier outlives its run, nobody can be asked, or the gate did not start.
    """
    from sandgate.adopting import look_for_strays, started, take  # noqa: PLC0415 - `--help` must not pay for it

    config = replace(read_config(tier=tier, isolation="prefix"), keep=False, keep_on_failure=False)
    _check_tier(config)
    check_can_ask(how)
    report = Report()
    with ExitStack() as gate:
        with status_line() as say:
            run = gate.enter_context(started(config, progress=say))
            say("looking for what carries the prefix")
            found, listed = look_for_strays(run)
        told: dict[str, object] = {
            "run": run.id, "region": run.region, "prefixes": list(config.prefix), "found": stray_json(found),
            "not_listed": not_listed_json(listed),
        }  # fmt: skip
        report.not_looked = sum(bool(one.failure) for one in listed)
        how.say(_head(run, len(listed)))
        how.say(stray_lines(found, everything=how.dry_run))
        how.say(not_listed_lines(listed))
        if not found:
            how.say(
                ["  nothing else carries it" if report.not_looked else "  nothing carries it that is not a run's own"]
            )
        elif not how.dry_run and agreed(len(found), how):
            take(run, found)
            told |= carry_out(run, report, how)
        elif not how.dry_run:
            report.left += len(found)
    if how.json:
        typer.echo(json.dumps({"schema": 1, "status": int(report.status), **told}, indent=2))
    return int(report.status)


def _head(run: Run, types: int) -> Iterator[str]:
    names = ", ".join(run.config.prefix)
    yield from wrapped(
        f"{run.id}: looked for {types} types by the prefix {names} on the tier {run.tier}, in {run.region}; "
        "what has no region once, in the whole account", ""
    )  # fmt: skip


def _check_tier(config: Config) -> None:
    source = config.sources.get("tier", "")
    tier = tier_named(config.tier, source)
    if tier.ends_with_run:
        raise UsageError(
            f"on the tier {tier.name!r} nothing outlives its run, so there is nothing to adopt",
            where=f"tier, {source}",
            hint="name another tier: `sandgate sweep --adopt-prefix --tier endpoints`",
        )
