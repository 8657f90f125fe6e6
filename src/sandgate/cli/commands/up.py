"""`sandgate up`: make the identity that tests run as on a real account, and give the project its key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

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
    print_template,
)
from sandgate.cli._model import Command

if TYPE_CHECKING:
    from sandgate.cli._identity_stack import StackPlan
    from sandgate.identity.key_plan import KeyPlan

__all__ = ["COMMAND"]

_SHOWN = 8


def _up(
    *,
    template: Annotated[
        str, typer.Option("--template", metavar="ACCOUNT", help="Print the template for that account, and ask nobody.")
    ] = "",
    tier: TierName = None,
    service: Service = "",
    env_file: EnvFile = None,
    admin_profile: AdminProfile = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_ci: NoCi = False,
    json_output: Json = False,
) -> None:
    if template:
        print_template(template, tier=tier, service=service, env_file=env_file)
        return
    how = How(command="up", dry_run=dry_run, yes=yes, json=json_output)
    how.check_can_ask()
    with open_desk(how, tier=tier, service=service, env_file=env_file, admin_profile=admin_profile) as desk:
        told = _carry_out(desk, no_ci=no_ci)
    if json_output:
        typer.echo(json.dumps(told, indent=2))


def _carry_out(desk: Desk, *, no_ci: bool) -> dict[str, object]:
    from sandgate.cli._identity_keys import (  # noqa: PLC0415
        check_ci,
        check_env_file,
        push_to_ci,
        renew,
        retire,
        shares_ci,
    )
    from sandgate.cli._identity_stack import deploy_stack, plan_stack  # noqa: PLC0415

    how = desk.how
    # All that could be in the way is looked at before anything is made.
    if desk.documents.admits_user:
        check_env_file(desk)
    stack = plan_stack(desk)
    keys = _plan_keys(desk)
    if ci := not no_ci and shares_ci(desk):
        check_ci(desk)
    _show(desk, stack, keys, ci=ci)
    told = {**desk.to_json(), "plan": stack.to_json(), "left_out_of_boundary": list(desk.documents.left_out)}
    if how.dry_run:
        return {**told, "template": stack.template}
    if (stack.changes_something or _does_something(keys)) and not how.agreed("  go on?"):
        raise typer.Abort
    outputs = deploy_stack(desk, stack)
    if keys is not None:
        # The stack may have taken its time, and a stuck one its user with it.
        keys = _plan_keys(desk) or keys
        made = renew(desk, keys)
        if ci:
            push_to_ci(desk)
        if keys.disable:
            retire(desk, keys.disable, grace=0.0, wait=False)
        told["key"] = {"made": bool(made), "variables": list(desk.names.variables)}
    how.say(f"{desk.names.user} is ready: {desk.role_arn}")
    return {**told, "outputs": dict(outputs)}


def _plan_keys(desk: Desk) -> KeyPlan | None:
    from sandgate.identity.key_plan import plan_up  # noqa: PLC0415

    return plan_up(desk.key_facts()) if desk.documents.admits_user else None


def _does_something(keys: KeyPlan | None) -> bool:
    return keys is not None and bool(keys.make or keys.disable or keys.delete_first)


def _show(desk: Desk, stack: StackPlan, keys: KeyPlan | None, *, ci: bool) -> None:
    from sandgate.cli._identity_keys import key_lines  # noqa: PLC0415

    say = desk.how.say
    say(desk.head())
    say(stack.lines())
    if keys is None:
        say("  no access key: `trusted` names others than the user")
    else:
        say(key_lines(desk, keys))
    if ci:
        say(f"  + secrets {' and '.join(desk.names.variables)} of {desk.config.repository}")
    if left := desk.documents.left_out:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        say(f"  roles that tests make cannot use {', '.join(left[:_SHOWN])}{more}: no room in one boundary")
        say("  name the services that the tests use, and there is: services = [...]")


COMMAND = Command.of(
    _up,
    name="up",
    help="Make the user and the role that tests run as on a real account, and write the user's key to the env file.",
    examples=(
        "sandgate up --dry-run",
        "sandgate up --admin-profile sandbox-admin",
        "sandgate up --tier sandbox --yes --no-ci",
        "sandgate up --service dynamodb --env-file dynamodb/.env",
        "sandgate up --template 111122223333 > identity.json",
    ),
)
