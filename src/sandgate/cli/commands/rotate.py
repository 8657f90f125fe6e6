"""`sandgate rotate`: a new key for the tests' identity; the old one goes when the new one is live everywhere."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sandgate.cli._ages import parse_age
from sandgate.cli._identity import (
    AdminProfile,
    Desk,
    DryRun,
    EnvFile,
    How,
    Json,
    NoCi,
    Service,
    TierName,
    Yes,
    open_desk,
)
from sandgate.cli._model import Command
from sandgate.errors import ConfigError

__all__ = ["COMMAND"]


def _rotate(  # noqa: PLR0913 - one for each option
    *,
    grace: Annotated[
        str, typer.Option("--grace", metavar="TIME", help="How long the old key can be enabled again: 10m, 0s.")
    ] = "10m",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end of the grace; else the next up or rotate deletes the key.")
    ] = False,
    replace_all: Annotated[
        bool, typer.Option("--replace-all", help="Delete every key of the user first, whoever has it.")
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
    seconds = parse_age(grace, "--grace")
    how = How(command="rotate", dry_run=dry_run, yes=yes, json=json_output)
    how.check_can_ask()
    with open_desk(how, tier=tier, service=service, env_file=env_file, admin_profile=admin_profile) as desk:
        told = _carry_out(desk, grace=seconds, wait=wait, everything=replace_all, no_ci=no_ci)
    if json_output:
        typer.echo(json.dumps(told, indent=2))


def _carry_out(desk: Desk, *, grace: float, wait: bool, everything: bool, no_ci: bool) -> dict[str, object]:
    from sandgate.cli._identity_keys import (  # noqa: PLC0415
        check_ci,
        check_env_file,
        key_lines,
        push_to_ci,
        renew,
        retire,
        shares_ci,
    )
    from sandgate.identity.key_plan import plan_rotation  # noqa: PLC0415

    how = desk.how
    _check_there_is_one(desk)
    check_env_file(desk)
    plan = plan_rotation(desk.key_facts(), everything=everything)
    if ci := not no_ci and shares_ci(desk):
        check_ci(desk)
    how.say(desk.head())
    how.say(f"user {desk.names.user}")
    how.say(key_lines(desk, plan))
    if ci:
        how.say(f"  ~ secrets {' and '.join(desk.names.variables)} of {desk.config.repository}")
    told = {**desk.to_json(), "deletes": len(plan.delete_first), "makes": plan.make, "disables": bool(plan.disable)}
    if how.dry_run:
        return told
    if not how.agreed("  go on?"):
        raise typer.Abort
    renew(desk, plan, proven_first=not everything)
    if ci:
        push_to_ci(desk)
    if plan.disable:
        retire(desk, plan.disable, grace=grace, wait=wait)
    return told


def _check_there_is_one(desk: Desk) -> None:
    from sandgate.identity.keys import owner_of  # noqa: PLC0415

    owner = owner_of(desk.iam, desk.names.user)
    if owner is None:
        raise ConfigError(
            f"there is no user {desk.names.user!r}", where=f"account {desk.admin.account}", hint="sandgate up"
        )
    if owner != desk.names.user:
        raise ConfigError(
            f"there is a user {desk.names.user!r} that `sandgate up` has not made",
            where=desk.user_arn,
            hint="choose another name: identity = ...",
        )
    if not desk.documents.admits_user:
        raise ConfigError(
            "the user has no key: `trusted` names others than the user",
            where=f"{desk.config.sources.get('trusted', '')}, key trusted",
        )


COMMAND = Command.of(
    _rotate,
    name="rotate",
    help="Make a new key for the tests' identity, and retire the old one when the new one is live everywhere.",
    examples=(
        "sandgate rotate",
        "sandgate rotate --grace 1h --wait --yes",
        "sandgate rotate --replace-all",
    ),
)
