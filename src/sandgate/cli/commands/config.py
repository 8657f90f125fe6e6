"""`sandgate config`: every option, its value, and where the value came from."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sandgate.cli._model import Command
from sandgate.cli._options import read_config
from sandgate.config.options import OPTIONS

__all__ = ["COMMAND"]


def _config(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    config = read_config()
    if as_json:
        typer.echo(json.dumps(config.to_json(), indent=2))
        return
    rows = [("option", "value", "source", "variable")]
    for name, entry in OPTIONS.items():
        value = json.dumps(entry.kind.dump(getattr(config, name)))
        rows.append((name, value, config.sources[name], entry.variable or "-"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        typer.echo("  ".join([*cells, row[3]]).rstrip())


COMMAND = Command.of(
    _config,
    name="config",
    help="Show the value of every option and where it came from.",
    examples=("sandgate config", "SANDGATE_REGION=eu-west-1 sandgate config --json"),
)
