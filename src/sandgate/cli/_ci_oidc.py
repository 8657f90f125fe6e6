"""`sandgate ci oidc`: the role that CI takes without a key; printed, made and removed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandgate.cli._identity import AdminProfile, DryRun, How, TierName, Yes, open_desk
from sandgate.cli._options import read_config
from sandgate.errors import ConfigError

if TYPE_CHECKING:
    from sandgate.ci.oidc import Trust
    from sandgate.cli._identity import Desk

__all__ = ["register_oidc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What will happen to the role's stack."""

    name: str
    there: bool
    makes_provider: bool
    trust: Trust
    template: Mapping[str, Any] = field(repr=False)

    def lines(self) -> list[str]:
        """For people."""
        provider = f"and the account's OIDC provider {self.trust.issuer}" if self.makes_provider else ""
        head = f"stack {self.name}: {'to change' if self.there else 'to make'}: the role {provider}".rstrip()
        return [head, *(f"  lets in {subject}" for subject in self.trust.subjects)]


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


def _deploy(
    *, tier: TierName = None, admin_profile: AdminProfile = "", dry_run: DryRun = False, yes: Yes = False
) -> None:
    from sandgate.cli._stack_progress import stack_progress  # noqa: PLC0415
    from sandgate.config.identity import OWNER_TAG  # noqa: PLC0415
    from sandgate.stacks.deploy import deploy  # noqa: PLC0415
    from sandgate.stacks.template import Template  # noqa: PLC0415

    how = How(command="ci oidc deploy", dry_run=dry_run, yes=yes)
    how.check_can_ask()
    with open_desk(how, tier=tier, service="", env_file=None, admin_profile=admin_profile) as desk:
        plan = _plan(desk)
        how.say([*desk.head(), *plan.lines()])
        if dry_run or not how.agreed("Deploy it?"):
            return
        with stack_progress() as (progress, _notice):
            template = Template(path=Path("sandgate ci oidc"), body=plan.template)
            stack = deploy(
                desk.admin.clients, name=plan.name, template=template,
                capabilities=("CAPABILITY_NAMED_IAM",), tags={**desk.config.tags, OWNER_TAG: desk.names.user},
                progress=progress,
            )  # fmt: skip
    how.say(f"the role is {stack.outputs['RoleArn']}")
    if desk.config.ci_credentials != "oidc":
        how.say('set ci_credentials = "oidc", then `sandgate up` lets it take the role of the tests')


def _delete(*, tier: TierName = None, admin_profile: AdminProfile = "", yes: Yes = False) -> None:
    from sandgate.ci.oidc import ci_stack  # noqa: PLC0415
    from sandgate.cli._stack_progress import stack_progress  # noqa: PLC0415
    from sandgate.stacks.deploy import delete  # noqa: PLC0415

    how = How(command="ci oidc delete", yes=yes)
    how.check_can_ask()
    with open_desk(how, tier=tier, service="", env_file=None, admin_profile=admin_profile) as desk:
        name = ci_stack(desk.names)
        if _stack(desk, name) is None:
            how.say(f"there is no stack {name}")
            return
        how.say([*desk.head(), f"stack {name}: to delete, with all that it has made"])
        if not how.agreed("Delete it?"):
            return
        with stack_progress() as (progress, _notice):
            delete(desk.admin.clients, name, progress=progress)
    how.say(f"deleted {name}")


def _plan(desk: Desk) -> _Plan:
    from sandgate.ci.choice import provider_of  # noqa: PLC0415
    from sandgate.ci.oidc import ci_stack, role_template  # noqa: PLC0415

    name = ci_stack(desk.names)
    trust = provider_of(desk.config).trust(desk.config, os.environ)
    there = _stack(desk, name)
    makes = _makes_provider(desk, name, trust.issuer, there=there is not None)
    template = role_template(trust, desk.names, tags=desk.config.tags, makes_provider=makes)
    return _Plan(name=name, there=there is not None, makes_provider=makes, trust=trust, template=template)


def _stack(desk: Desk, name: str) -> Mapping[str, Any] | None:
    """The role's stack, if there is one.

    Raises:
        ConfigError: it is somebody else's.
    """
    from sandgate.cli._identity_stack import find_stack  # noqa: PLC0415
    from sandgate.config.identity import OWNER_TAG  # noqa: PLC0415

    found = find_stack(replace(desk, names=replace(desk.names, stack=name)))
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())} if found else {}
    if found and tags.get(OWNER_TAG) != desk.names.user:
        raise ConfigError(
            f"there is a stack {name!r} that `sandgate ci oidc` has not made",
            where=str(found["StackId"]),
            hint="choose another name: identity = ..., or remove it by hand if nobody needs it",
        )
    return found


def _makes_provider(desk: Desk, name: str, issuer: str, *, there: bool) -> bool:
    """Whether the stack has to make the account's provider: it did before, or there is none."""
    from sandgate.stacks._aws import aws_errors  # noqa: PLC0415

    with aws_errors("the account's OIDC providers cannot be listed"):
        if there:
            listed = desk.admin.clients("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
            if any(resource["LogicalResourceId"] == "Provider" for resource in listed):
                return True
        known = desk.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return not any(provider["Arn"].endswith(f":oidc-provider/{issuer}") for provider in known)


def register_oidc(group: typer.Typer) -> None:
    """Hang the commands into `sandgate ci`."""
    oidc = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    oidc.command("show", help="Print the role's CloudFormation template.")(_show)
    oidc.command("deploy", help="Make the role, and the account's OIDC provider where there is none.")(_deploy)
    oidc.command("delete", help="Remove what deploy has made; nothing there is fine.")(_delete)
    group.add_typer(oidc, name="oidc", help="The role that CI takes with a token of minutes, in place of a key.")
