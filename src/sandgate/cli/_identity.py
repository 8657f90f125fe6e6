"""What `up`, `rotate` and `down` share: who asks, about which identity, in which account, and who is told."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandgate.cli._options import flag_of, read_config_creating, tier_named
from sandgate.config.identity import IdentityNames, identity_names
from sandgate.config.model import Config
from sandgate.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from sandgate.identity.admin import Admin
    from sandgate.identity.documents import Documents
    from sandgate.identity.key_plan import KeyFacts
    from sandgate.identity.proof import Prover
    from sandgate.identity.record import Record

__all__ = [
    "AdminProfile",
    "Desk",
    "DryRun",
    "EnvFile",
    "How",
    "Json",
    "NoCi",
    "Service",
    "TierName",
    "Yes",
    "open_desk",
    "print_template",
]

_TIER = "sandbox"
_PARTITIONS: Mapping[str, str] = MappingProxyType({"cn-": "aws-cn", "us-gov-": "aws-us-gov"})
"""How the regions of a partition begin; elsewhere the account itself says which one it is of."""

TierName = Annotated[str | None, flag_of("tier")]
Service = Annotated[
    str, typer.Option("--service", metavar="NAME", help="The identity that is for one service only, as boto3 names it.")
]
EnvFile = Annotated[str | None, flag_of("env_file")]
AdminProfile = Annotated[
    str, typer.Option("--admin-profile", metavar="NAME", help="AWS profile to work with; else `admin_profile`.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
NoCi = Annotated[bool, typer.Option("--no-ci", help="Leave the secrets of CI alone.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What was typed about asking and telling."""

    command: str
    dry_run: bool = False
    yes: bool = False
    json: bool = False

    def say(self, lines: Iterable[str] | str) -> None:
        """Tell a person; programs read the one object at the end."""
        if not self.json:
            for line in (lines,) if isinstance(lines, str) else lines:
                typer.echo(line)

    def progress(self, text: str) -> None:
        """Tell what happens now, beside what the command prints."""
        typer.echo(f"sandgate: {text}", err=True)

    def check_can_ask(self) -> None:
        """See whether somebody can answer before anything is changed.

        Raises:
            UsageError: nobody can, and nobody has agreed beforehand.
        """
        if self.yes or self.dry_run:
            return
        if self.json:
            raise UsageError("--json asks nothing", hint="add --yes to go on, or --dry-run to see the plan")
        if not sys.stdin.isatty():
            raise UsageError(
                "standard input is no terminal, so nobody can be asked",
                hint="add --yes to go on without a question, or --dry-run to see the plan",
            )

    def agreed(self, question: str) -> bool:
        """Whether a person, or `--yes`, wants it."""
        return self.yes or typer.confirm(question)

    def offers(self) -> bool:
        """Whether somebody sits there who may be offered what `--yes` does not include."""
        return not self.yes and not self.json and not self.dry_run and sys.stdin.isatty()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One identity in one account, and the administrator who works on it."""

    config: Config
    service: str
    names: IdentityNames
    documents: Documents
    admin: Admin
    record: Record
    how: How

    @property
    def user_arn(self) -> str:
        """Of the identity's user."""
        return self.names.user_arn(self.admin.account, self.admin.partition)

    @property
    def role_arn(self) -> str:
        """Of the test role."""
        return self.names.role_arn(self.admin.account, self.admin.partition)

    @property
    def iam(self) -> Any:
        """The administrator's client."""
        return self.admin.clients("iam")

    @property
    def of_one_service(self) -> bool:
        """Whether the identity is one of several, so that the secrets of CI are not its own."""
        by_file = self.config.sources.get("identity", "").startswith(str(self.config.env_path))
        return bool(self.service) or by_file

    def prover(self) -> Prover:
        """Of this identity's keys."""
        from sandgate.identity.proof import Prover  # noqa: PLC0415

        return Prover(
            sts_as=self.admin.sts_as,
            role=self.role_arn,
            external_id=self.names.external_id,
            say=_once_a_second(self.how),
        )

    def key_facts(self) -> KeyFacts:
        """What there is of keys now, in IAM, in the env file and in the record.

        Raises:
            SandgateError: one of them cannot be read.
        """
        from sandgate.config.credentials import check_characters  # noqa: PLC0415
        from sandgate.identity.env_file import read_entries  # noqa: PLC0415
        from sandgate.identity.key_plan import KeyFacts  # noqa: PLC0415
        from sandgate.identity.keys import list_keys  # noqa: PLC0415

        entries = read_entries(self.config.env_path)
        kept, secret = (entries.get(name, "") for name in self.names.variables)
        held = {name: entries[name] for name in self.names.variables if entries.get(name)}
        check_characters(held, str(self.config.env_path))
        keys = list_keys(self.iam, self.names.user)
        listed = any(key.id == kept and key.active for key in keys)
        owner = self.prover().whose(kept, secret, wait=listed) if kept and secret else ""
        return KeyFacts(
            user=self.user_arn,
            keys=keys,
            kept=kept,
            kept_is=owner,
            env_file=self.config.env_path.name,
            lost=self.record.lost(((key.id, key.created) for key in keys), kept),
            due=self.record.due(),
            replaced=self.record.replaced_by(kept),
            now=time.time(),
        )

    def to_json(self) -> dict[str, object]:
        """What programs hear of it, whatever happens."""
        return {
            "schema": 1,
            "command": self.how.command,
            "account": self.admin.account,
            "region": self.admin.region,
            "stack": self.names.stack,
            "user": self.user_arn,
            "role": self.role_arn,
            "deployer_role": self.names.deployer_role_arn(self.admin.account, self.admin.partition),
            "env_file": str(self.config.env_path),
        }

    def head(self) -> Iterator[str]:
        """Who does it, and where."""
        yield f"account {self.admin.account}, region {self.admin.region}, as {self.admin.arn}"
        if self.admin.is_root:
            yield "  this is the account's root user; an administrator's role would do"


@contextmanager
def open_desk(how: How, *, tier: str | None, service: str, env_file: str | None, admin_profile: str) -> Iterator[Desk]:
    """Read the configuration and open the administrator's clients; the account is checked before all else.

    Raises:
        UsageError: the tier has no identity, or this is a child of a run.
        SandgateError: the configuration is wrong, or AWS refuses the administrator.
    """
    from sandgate.identity.admin import open_admin  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.identity.documents import documents  # noqa: PLC0415
    from sandgate.identity.record import Record  # noqa: PLC0415

    config = _config(tier, env_file)
    names = identity_names(config, service)
    admin = open_admin(config, admin_profile or config.admin_profile, os.environ)
    found = documents(config, account=admin.account, partition=admin.partition, service=service)
    record = Record(root=config.root, user=names.user_arn(admin.account, admin.partition))
    with _refusals(), nullcontext() if how.dry_run else record.held():
        yield Desk(
            config=config, service=service, names=names, documents=found, admin=admin, record=record, how=how
        )  # fmt: skip


def print_template(account: str, *, tier: str | None, service: str, env_file: str | None) -> None:
    """Print the template, for whoever deploys it in our place.

    Args:
        account: 12 digits.
        tier: as typed.
        service: that the identity is for.
        env_file: as typed.

    Raises:
        UsageError: that is no account id.
        SandgateError: the configuration is wrong.
    """
    from sandgate.identity.template import identity_template  # noqa: PLC0415

    if not re.fullmatch(r"[0-9]{12}", account):
        raise UsageError(f"{account!r} is no account id", where="command line, --template", hint="12 digits")
    config = _config(tier, env_file)
    partition = next((name for start, name in _PARTITIONS.items() if config.region.startswith(start)), "aws")
    made = identity_template(config, account=account, partition=partition, service=service)
    typer.echo(json.dumps(made, indent=2))


def _config(tier: str | None, env_file: str | None) -> Config:
    config = read_config_creating(tier=tier, env_file=env_file)
    if tier is None and config.tier != _TIER:
        config = read_config_creating(tier=_TIER, env_file=env_file)
    if config.tier != _TIER:
        tier_named(config.tier, "command line, --tier", config.tier_aliases)
        raise UsageError(
            f"the tier {config.tier!r} has no identity that could be made or removed",
            where="command line, --tier",
            hint=f"--tier {_TIER}, or leave it out",
        )
    return config


@contextmanager
def _refusals() -> Iterator[None]:
    """A refusal that nobody foresaw is still one that a person can act on."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    from sandgate.identity._aws import first_line  # noqa: PLC0415

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise EnvironmentFault(f"AWS refused, or did not answer: {first_line(error)}") from None


def _once_a_second(how: How) -> Any:
    said = 0.0

    def say(text: str) -> None:
        nonlocal said
        if time.monotonic() - said >= 1:
            said = time.monotonic()
            how.progress(text)

    return say
