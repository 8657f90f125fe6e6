"""`sandgate ci oidc`: the role that CI takes without a key."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from sandgate.cli._options import read_config

__all__ = ["register_oidc"]


def _show(
    *,
    existing: Annotated[
        bool, typer.Option("--existing-provider", help="The account has the OIDC provider already.")
    ] = False,
) -> None:
    from sandgate.ci.choice import provider_of  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.ci.oidc import role_template  # noqa: PLC0415
    from sandgate.config.identity import identity_names  # noqa: PLC0415

    config = read_config()
    trust = provider_of(config).trust(config, os.environ)
    template = role_template(trust, identity_names(config), tags=config.tags, makes_provider=not existing)
    typer.echo(json.dumps(template, indent=2))


def register_oidc(group: typer.Typer) -> None:
    """Hang the commands into `sandgate ci`."""
    oidc = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    oidc.command("show", help="Print the role's CloudFormation template.")(_show)
    group.add_typer(oidc, name="oidc", help="The role that CI takes with a token of minutes, in place of a key.")
