"""`sandgate tiers`: where calls can end, and what each place can and cannot do."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sandgate.cli._model import Command

__all__ = ["COMMAND"]


def _tiers(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    # Tiers bring HTTP clients with them, which `sandgate --help` must not wait for.
    from sandgate.core.registry import discover  # noqa: PLC0415
    from sandgate.tiers._model import Tier  # noqa: PLC0415

    tiers = discover("sandgate.tiers", "TIER", Tier)
    if as_json:
        listed = {
            tier.name: {"summary": tier.summary, "capabilities": tier.capabilities, "limits": tier.limits}
            for tier in tiers.values()
        }
        typer.echo(json.dumps(listed, indent=2))
        return
    for tier in tiers.values():
        typer.echo(f"{tier.name}: {tier.summary}")
        for line in tier.capabilities:
            typer.echo(f"  + {line}")
        for line in tier.limits:
            typer.echo(f"  - {line}")


COMMAND = Command.of(
    _tiers,
    name="tiers",
    help="List the tiers, what each can do (+) and its limits (-).",
    examples=("sandgate tiers", "sandgate tiers --json"),
)
