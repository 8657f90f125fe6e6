"""`sandgate receipt`: show what a run proved, and refuse a promotion that nothing proves."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from sandgate.cli._ages import age_text, parse_age
from sandgate.cli._evidence import full_commit, read_receipt, receipts_of, shown_receipt
from sandgate.cli._here import here
from sandgate.cli._model import Command
from sandgate.cli._options import read_config, tier_named, values_of
from sandgate.errors import ConfigError, ExitCode, UsageError
from sandgate.reports.lines import plain

__all__ = ["COMMAND"]

_EXAMPLES = (
    "sandgate receipt show",
    'sandgate receipt show --format markdown >> "$GITHUB_STEP_SUMMARY"',
    'sandgate receipt verify --tier sandbox --commit "$(git rev-parse HEAD)" --max-age 24h',
    'sandgate receipt verify downloaded/ --commit "$GITHUB_SHA"',
)
_SHOWN = 20


class _Form(StrEnum):
    """Who reads it."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def _show(
    which: Annotated[
        str, typer.Argument(metavar="[RECEIPT]", help="File, folder or id of a run; else the newest.")
    ] = "",
    form: Annotated[_Form, typer.Option("--format", help="Who reads it.")] = _Form.TEXT,
) -> None:
    from sandgate.reports.receipt_view import receipt_lines, receipt_markdown  # noqa: PLC0415 - for `--help`

    paths = receipts_of(here(), [which] if which else [])
    if not paths:
        raise UsageError("there is no receipt here", where=str(here()), hint="`sandgate run` writes one")
    found = shown_receipt(paths[0])
    if form is _Form.JSON:
        typer.echo(json.dumps(found, indent=2).replace("\x7f", r"\u007f"))  # the one control that JSON may hold raw
    elif form is _Form.MARKDOWN:
        typer.echo(receipt_markdown(found))
    else:
        for line in receipt_lines(found):
            typer.echo(line)


def _verify(
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RECEIPT]…", help="Files, folders or ids of runs; else every run of the project."),
    ] = None,
    *,
    tier: Annotated[
        str, typer.Option("--tier", help="That the run must have been on.", autocompletion=values_of("tier"))
    ] = "sandbox",
    commit: Annotated[str, typer.Option("--commit", metavar="SHA", help="Whole id of the commit to be promoted.")],
    max_age: Annotated[str, typer.Option("--max-age", metavar="AGE", help="How long ago it may have begun.")] = "24h",
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="That it must have been in; else the configured one.")
    ] = None,
) -> None:
    from sandgate.reports.evidence import Wanted, refusals  # noqa: PLC0415

    config = read_config(tier=tier)
    tier_named(config.tier, "command line, --tier", config.tier_aliases)
    own = config.account if config.tier == "sandbox" else ""
    wanted = Wanted(
        tier=config.tier,
        commit=full_commit(commit),
        max_age=parse_age(max_age, "--max-age"),
        account=own if account is None else account,
    )
    now = time.time()
    refused: list[str] = []
    for path in receipts_of(here(), which or ()):
        try:
            found = read_receipt(path)
        except ConfigError as error:
            refused.append(plain(f"{path}: {error.message}"))
            continue
        reasons = refusals(found, wanted, now=now)
        if not reasons and isinstance(found, Mapping):
            age = age_text(now - float(found["started"]))
            typer.echo(f"{plain(str(found.get('run')))} proves {wanted.commit[:12]} on tier {wanted.tier}, {age} ago")
            return
        name = str(found.get("run", path)) if isinstance(found, Mapping) else str(path)
        refused += [plain(f"{name}: {reason}") for reason in reasons]
    _refuse(wanted.commit, wanted.tier, refused or ["no run of this project has ended yet"])


def _refuse(commit: str, tier: str, refused: list[str]) -> None:
    typer.echo(f"no receipt proves {commit[:12]} on tier {tier}", err=True)
    for line in refused[:_SHOWN]:
        typer.echo(f"  {line}", err=True)
    if len(refused) > _SHOWN:
        typer.echo(f"  and {len(refused) - _SHOWN} more", err=True)
    raise typer.Exit(int(ExitCode.UNPROVEN))


def _register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command("show", help="Show what a run proved; the newest, where none is named.")(_show)
    group.command(
        "verify",
        help="End with status 0 if a green receipt proves a commit on a tier, with 11 and the reasons if none does.",
    )(_verify)
    app.add_typer(group, name=COMMAND.name, help=COMMAND.help, epilog=Command.epilog(_EXAMPLES))


COMMAND = Command(
    name="receipt",
    help="Show what a run proved, and verify it before a promotion.",
    register=_register,
    examples=_EXAMPLES,
)
