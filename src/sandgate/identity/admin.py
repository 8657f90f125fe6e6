"""The administrator, who makes and removes identities: with whose credentials, and in which account."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from getpass import GetPassWarning
from typing import Any
from urllib.parse import urlsplit

from sandgate.config.identity import identity_names
from sandgate.config.model import Config
from sandgate.core.registry import nearest
from sandgate.errors import ConfigError, EnvironmentFault, UsageError
from sandgate.identity._aws import aws_errors

__all__ = ["Admin", "check_account", "check_environment", "open_admin"]

_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
_ENDPOINTS = "AWS_ENDPOINT_URL"
_INSIDE = "SANDGATE_RUN_DIR"
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Who provisions."""

    account: str
    partition: str
    arn: str
    region: str
    clients: Callable[[str], Any] = field(repr=False)
    """boto3 clients by service name, one of each."""
    once: Callable[[str], Any] = field(repr=False)
    """Clients that never send a call again: a second create would make a second key, and nobody hears of the first."""
    sts_as: Callable[[str, str], Any] = field(repr=False)
    """An STS client with a key of its own, id and secret."""

    @property
    def is_root(self) -> bool:
        """Whether it is the account's root user."""
        return self.arn.endswith(":root")


def check_environment(environ: Mapping[str, str]) -> None:
    """See whether the calls would go to AWS at all.

    Raises:
        UsageError: this is a child of a run.
        ConfigError: a variable sends calls elsewhere.
    """
    if environ.get(_INSIDE):
        raise UsageError(
            "identities are made outside of runs, with the administrator's own credentials",
            where=f"environment, {_INSIDE}",
            hint="use a shell that is not a child of `sandgate run` or `sandgate shell`",
        )
    for name, value in environ.items():
        if name.startswith(_ENDPOINTS) and value:
            raise ConfigError(f"{name} is set, so calls would not go to AWS", where="environment", hint=f"unset {name}")


def open_admin(config: Config, profile: str, environ: Mapping[str, str]) -> Admin:
    """The administrator's clients, and who that is; the account is checked before anything else is asked.

    Args:
        config: its options about the account and `region`.
        profile: AWS profile; empty for the AWS default chain.
        environ: of this process.

    Raises:
        ConfigError: the account is the wrong one, or there is no such profile.
        EnvironmentFault: there are no credentials, or AWS refuses them.
    """
    check_environment(environ)
    session = _session(profile, config.region)
    _check_region(session, config)
    clients = _clients(session, attempts=_ATTEMPTS)
    who = _caller(clients, profile, config)
    admin = Admin(
        account=who["Account"],
        partition=who["Arn"].split(":")[1],
        arn=who["Arn"],
        region=config.region,
        clients=clients,
        once=_clients(session, attempts=1),
        sts_as=partial(clients, "sts"),
    )
    check_account(config, admin)
    return admin


def check_account(config: Config, admin: Admin) -> None:
    """See whether an identity may be made here.

    Raises:
        ConfigError: the account is another one, or a forbidden one, or the caller is the tests' identity itself.
        EnvironmentFault: its alias cannot be read.
    """
    if admin.account in config.forbidden_accounts:
        raise ConfigError(
            f"account {admin.account} is on the list of those that must never be used",
            where=f"{config.sources.get('forbidden_accounts', '')}, key forbidden_accounts",
            hint="use an administrator's profile of the sandbox account: --admin-profile NAME",
        )
    if config.account and admin.account != config.account:
        raise ConfigError(
            f"these are credentials of account {admin.account}, and the configuration expects {config.account}",
            where=f"{config.sources.get('account', '')}, key account",
            hint="use an administrator's profile of that account: --admin-profile NAME",
        )
    if config.expected_alias:
        with aws_errors("the account's alias cannot be read"):
            aliases = admin.clients("iam").list_account_aliases()["AccountAliases"]
        if config.expected_alias not in aliases:
            raise ConfigError(
                f"account {admin.account} is called {', '.join(aliases) or 'nothing'}, and the configuration expects "
                f"{config.expected_alias}",
                where=f"{config.sources.get('expected_alias', '')}, key expected_alias",
            )
    names = identity_names(config)
    own = (names.user_arn(admin.account, admin.partition), f":assumed-role/{names.role}")
    if admin.arn == own[0] or own[1] in admin.arn:
        raise ConfigError(
            "these are the credentials of the tests' own identity, which can change nothing about itself",
            where=admin.arn,
            hint="use an administrator's profile: --admin-profile NAME",
        )


def _caller(clients: Callable[..., Any], profile: str, config: Config) -> Mapping[str, Any]:
    """What AWS says of the administrator, who may be asked for a code."""
    where = f"{_described(profile)}; region {config.region}, {config.sources.get('region', '')}"
    with aws_errors("nobody knows whose account this is", where=where, profile=profile), warnings.catch_warnings():
        # Else a code would be asked for on standard input, and shown, or be an end of file.
        warnings.simplefilter("error", GetPassWarning)
        try:
            found: Mapping[str, Any] = clients("sts").get_caller_identity()
        except (EOFError, GetPassWarning):
            raise EnvironmentFault(
                "the profile asks for an MFA code, and standard input is no terminal",
                where=_described(profile),
                hint="run it in a terminal, or with a session that was made with MFA",
            ) from None
    return found


def _described(profile: str) -> str:
    return f"profile {profile}" if profile else "default AWS credentials"


def _check_region(session: Any, config: Config) -> None:
    """See whether AWS has such a region, as far as botocore knows; a new one of a known form may be there.

    Raises:
        ConfigError: no partition has regions of such names.
    """
    from botocore.exceptions import UnknownRegionError  # noqa: PLC0415

    try:
        session.get_partition_for_region(config.region)
    except UnknownRegionError:
        known = (name for part in session.get_available_partitions()
                 for name in session.get_available_regions("sts", partition_name=part))  # fmt: skip
        close = nearest(config.region, known)
        raise ConfigError(
            f"AWS has no region {config.region!r}",
            where=f"{config.sources.get('region', '')}, key region",
            hint=f"did you mean {close!r}?" if close else "a name such as eu-west-1",
        ) from None


def _session(profile: str, region: str) -> Any:
    """The boto3 session of a profile, which has credentials."""
    from boto3 import Session  # noqa: PLC0415 - `--help` must not pay for it
    from botocore.exceptions import ConfigParseError, ProfileNotFound  # noqa: PLC0415
    from botocore.session import Session as BotocoreSession  # noqa: PLC0415

    try:
        session = Session(profile_name=profile or None, region_name=region)
    except ProfileNotFound as error:
        close = nearest(profile, BotocoreSession().available_profiles) if profile else ""
        raise ConfigError(
            f"there is no AWS profile {error.kwargs['profile']!r}",
            where="admin_profile" if profile else "environment, AWS_PROFILE",
            hint=f"did you mean {close!r}?" if close else "`aws configure list-profiles`",
        ) from None
    except ConfigParseError as error:
        raise ConfigError(f"the AWS configuration cannot be read: {error}") from None
    with aws_errors("there are no administrator's credentials", where=_described(profile), profile=profile):
        try:
            credentials = session.get_credentials()
        except ValueError as error:
            # What a credential process says that is no JSON.
            raise EnvironmentFault(
                f"the administrator's credentials cannot be read: {error}",
                where=f"profile {session.profile_name}",
                hint=f"`aws sts get-caller-identity --profile {session.profile_name}` must work first",
            ) from None
    if credentials is None:
        raise EnvironmentFault(
            "there are no administrator's credentials",
            where=_described(profile),
            hint="name a profile (admin_profile, or --admin-profile NAME), or log in: `aws sso login`",
        )
    return session


def _clients(session: Any, *, attempts: int) -> Callable[..., Any]:
    """Clients of one session, each made once; credentials of one's own make another one."""
    from botocore.config import Config as ClientConfig  # noqa: PLC0415

    settings = ClientConfig(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    made: dict[tuple[str, str, str], Any] = {}

    def client(service: str, key: str = "", secret: str = "") -> Any:
        if (service, key, secret) not in made:
            own = {"aws_access_key_id": key, "aws_secret_access_key": secret} if key else {}
            made[service, key, secret] = _checked(session.client(service, config=settings, **own))
        return made[service, key, secret]

    return client


def _checked(client: Any) -> Any:
    """A client that speaks to AWS; the AWS configuration may send it elsewhere too."""
    url = str(client.meta.endpoint_url)
    parts = urlsplit(url)
    if parts.scheme != "https" or not f"{parts.hostname}".endswith(_AWS_HOSTS):
        raise ConfigError(
            f"calls would go to {url}, which is not AWS",
            where="endpoint_url in the AWS configuration",
            hint="use a profile without endpoint_url",
        )
    return client
