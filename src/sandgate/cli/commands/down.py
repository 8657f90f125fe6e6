"""`sandgate down`: remove the identity again: keys, env file entries, secrets of CI, stack; twice is fine."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sandgate.cli._identity import AdminProfile, DryRun, EnvFile, How, Json, NoCi, Service, TierName, Yes, open_desk
from sandgate.cli._identity_down import carry_out
from sandgate.cli._model import Command

__all__ = ["COMMAND"]


def _down(
    *,
    sweep: Annotated[bool, typer.Option("--sweep", help="Sweep first what runs on that account still own.")] = False,
    keep_stack: Annotated[
        bool, typer.Option("--keep-stack", help="Leave the stack to whoever deployed it, such as the CDK.")
    ] = False,
    tier: TierName = None,
    service: Service = "",
    env_file: EnvFile = None,
    admin_profile: AdminProfile = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_ci: NoCi = False,
    json_output: Json = False,
) -> None:
    how = How(command="down", dry_run=dry_run, yes=yes, json=json_output)
    how.check_can_ask()
    with open_desk(how, tier=tier, service=service, env_file=env_file, admin_profile=admin_profile) as desk:
        told = carry_out(desk, sweep=sweep, no_ci=no_ci, keep_stack=keep_stack)
    if json_output:
        typer.echo(json.dumps(told, indent=2))


COMMAND = Command.of(
    _down,
    name="down",
    help="Remove the tests' identity: its keys, the env file's entries, the secrets of CI, and its stack.",
    examples=("sandgate down --dry-run", "sandgate down --sweep --yes", "sandgate down --service dynamodb"),
)
