"""The key of the tests' identity as secrets of CI: written, looked at, removed, and proven before.

Values come from their caller, who has them from the env file alone: a stale key that a shell exports never gets here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandgate.ci.choice import provider_of
from sandgate.config.model import Config
from sandgate.errors import ConfigError, EnvironmentFault, SandgateError

__all__ = ["SecretState", "check", "delete", "prove", "push", "uses_secrets"]

_SECONDS = 15


def _quiet(_text: str) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """One secret, as the provider shows it: never its value."""

    name: str
    exists: bool
    updated: float | None = None
    """Seconds since 1970; `None` where the provider does not say."""
    since: float = 0.0
    """When the key was made that it must hold."""

    @property
    def current(self) -> bool:
        """Whether it can hold that key: it was written after the key was made, or nobody can tell."""
        return self.exists and (self.updated is None or self.updated >= self.since)

    @property
    def text(self) -> str:
        """What is to be said about it."""
        if not self.exists:
            return "is missing"
        if self.updated is None:
            return "exists; the provider does not say since when"
        return "exists, and was written after the key was made" if self.current else "is older than the key"


def uses_secrets(config: Config) -> bool:
    """Whether this project keeps keys in CI: a repository is configured, and CI takes no role by OIDC."""
    return bool(config.repository) and config.ci_credentials == "keys"


def push(
    config: Config,
    values: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    progress: Callable[[str], None] = _quiet,
) -> None:
    """Write secrets; can be said again at any time.

    Args:
        config: names repository and provider.
        values: name to value, in the order in which they are written.
        environ: holds the provider's token, and its address where that is another than usual.
        progress: is told of each.

    Raises:
        SandgateError: a value is empty, or the provider does not take them; says which ones it has taken.
    """
    if empty := [name for name, value in values.items() if not value]:
        raise ConfigError(f"{empty[0]} has no value", hint="`sandgate up` writes the env file")
    store = provider_of(config).open_store(config, environ)
    done: list[str] = []
    for name, value in values.items():
        try:
            store.put(name, value)
        except SandgateError as error:
            raise _halfway(error, done, [each for each in values if each not in done], config) from None
        done.append(name)
        progress(f"{config.repository}: secret {name} written")
    if lost := sorted(set(values) - set(store.updated())):
        raise EnvironmentFault(
            f"{', '.join(lost)} was written, and is not there", where=config.repository, hint="push it again"
        )


def _halfway(error: SandgateError, done: list[str], missing: list[str], config: Config) -> SandgateError:
    if not done:
        return error
    return EnvironmentFault(
        f"{error.message}; {', '.join(done)} was written, {', '.join(missing)} was not, so CI has halves of two keys",
        where=error.where or config.repository,
        hint="`sandgate ci secrets push` again; it can be repeated",
    )


def delete(
    config: Config,
    names: Iterable[str],
    *,
    environ: Mapping[str, str],
    progress: Callable[[str], None] = _quiet,
) -> None:
    """Remove secrets, and look that they are gone; absent ones are fine.

    Raises:
        SandgateError: the provider cannot be asked, or one is still there.
    """
    store = provider_of(config).open_store(config, environ)
    wanted = tuple(names)
    for name in wanted:
        was_there = store.delete(name)
        progress(f"{config.repository}: secret {name} {'deleted' if was_there else 'was not there'}")
    left = sorted(set(wanted) & set(store.updated()))
    if left:
        raise EnvironmentFault(f"{', '.join(left)} is still there", where=config.repository, hint="delete it again")


def check(
    config: Config, names: Iterable[str], *, environ: Mapping[str, str], since: float = 0.0
) -> tuple[SecretState, ...]:
    """Which secrets exist, and whether they can hold the key.

    Args:
        config: names repository and provider.
        names: of the secrets.
        environ: as for `push`.
        since: when the key was made, in seconds since 1970. Providers tell whole seconds, so it counts as one.

    Raises:
        SandgateError: the provider cannot be asked.
    """
    there = provider_of(config).open_store(config, environ).updated()
    made = float(int(since))
    return tuple(SecretState(name=name, exists=name in there, updated=there.get(name), since=made) for name in names)


def prove(key_id: str, secret: str, *, region: str, account: str) -> str:
    """Ask AWS whose a key is.

    Args:
        key_id: of the key.
        secret: its secret; goes nowhere.
        region: whose STS is asked.
        account: that it must be of; empty: whichever.

    Returns:
        The caller's ARN.

    Raises:
        ConfigError: AWS does not know the key, or it is another account's.
        EnvironmentFault: AWS cannot be asked.
    """
    import boto3  # noqa: PLC0415 - takes half a second
    from botocore.config import Config as ClientConfig  # noqa: PLC0415
    from botocore.exceptions import (  # noqa: PLC0415
        BotoCoreError,
        ClientError,
        ConfigParseError,
        ProfileNotFound,
    )
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    # Nothing that a shell exports may send the question elsewhere, or ask it with another key.
    settings: dict[str, Any] = {"ignore_configured_endpoint_urls": True, "read_timeout": _SECONDS}
    try:
        session = boto3.Session(aws_access_key_id=key_id, aws_secret_access_key=secret, region_name=region)
        said = session.client("sts", config=ClientConfig(connect_timeout=_SECONDS, **settings)).get_caller_identity()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise ConfigError(
            f"AWS does not accept the env file's key: {code}", hint="`sandgate rotate` makes a new one"
        ) from None
    except ProfileNotFound as error:
        raise ConfigError(
            f"there is no AWS profile {error.kwargs['profile']!r}", where="environment, AWS_PROFILE"
        ) from None
    except (BotoCoreError, ResponseParserError) as error:
        # Others may quote what was to be sent.
        why = str(error) if isinstance(error, ConfigParseError) else type(error).__name__
        raise EnvironmentFault(
            f"AWS cannot be asked whose the key is: {why}",
            where=f"STS in the region {region}",
            hint="look at the network, at HTTPS_PROXY, and whether AWS has such a region",
        ) from None
    if account and said["Account"] != account:
        raise ConfigError(
            f"the env file's key is of account {said['Account']}, and this project's is {account}",
            hint="`sandgate up` writes the right one",
        )
    return str(said["Arn"])
