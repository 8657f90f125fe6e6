"""Where the tests' credentials come from: env file or CI's environment, a profile, or what botocore's chain finds.

Imports botocore, which only a gate of the tier `sandbox` does. Nobody is ever asked for anything: there is no terminal.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore import exceptions as failures
from botocore.httpsession import where as botocore_bundle
from botocore.parsers import ResponseParserError
from botocore.session import Session

from sandgate.config.credentials import MissingKeys, check_characters, missing_keys, read_keys
from sandgate.config.model import Config
from sandgate.core.registry import nearest
from sandgate.errors import ConfigError, EnvironmentFault, SandgateError
from sandgate.tiers._aws_environment import check_profile
from sandgate.tiers._model import AbsentError
from sandgate.wire.signing.credential import Credential

__all__ = ["Source", "UnreachableError", "adopt_environment", "find_source", "of_chain", "open_session", "trusted"]

_PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_NOT_TAKEN = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME", "HOME", "TMPDIR"})
"""The gate has its own."""


class UnreachableError(EnvironmentFault):
    """Nobody has said anything about the credentials: they may be fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where credentials come from, each time anew."""

    read: Callable[[], Credential] = field(repr=False)
    """Fetches them, and may block; raises SandgateError."""
    described: str
    """In words, without any key."""
    remedy: str
    """What mends it when AWS does not take them."""


def adopt_environment(environ: Mapping[str, str], *, ci: bool) -> None:
    """Give botocore, and the programs that it may start for credentials, the user's environment.

    Only in the memory of the gate: what another process sees of its environment stays as it was at its start.

    Args:
        environ: the user's.
        ci: whether exported keys count, as they do in a CI job only.
    """
    taken = {name: value for name, value in environ.items() if name not in _NOT_TAKEN}
    for name in _PAIR:
        os.environ.pop(name, None)
        if not ci:
            taken.pop(name, None)
    os.environ.update(taken)
    os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"


def open_session(config: Config) -> Session:
    """A botocore session of the configured profile.

    Raises:
        ConfigError: there is no such profile, its file is malformed, or it names an endpoint.
    """
    session = Session(profile=config.profile or None)
    asked = config.profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or ""
    try:
        if session.get_config_variable("region") is None:
            session.set_config_variable("region", config.region)
        session.get_scoped_config()
        found: Mapping[str, Any] = session.full_config
    except failures.ProfileNotFound:
        close = nearest(asked, session.available_profiles)
        known = ", ".join(sorted(session.available_profiles)) or "none"
        raise ConfigError(
            f"the AWS configuration has no profile {asked!r}",
            where=f"profile, {config.sources.get('profile', '')}" if config.profile else "AWS_PROFILE, environment",
            hint=f"did you mean {close!r}?" if close else f"there are: {known}",
        ) from None
    except failures.ConfigParseError as error:
        raise ConfigError(f"the AWS configuration cannot be read: {error}") from None
    check_profile(found, asked or "default", str(session.get_config_variable("config_file")))
    return session


def trusted(session: Session) -> ssl.SSLContext:
    """Whose certificates are believed: the configured bundle alone, else the system's and those that botocore brings.

    Raises:
        ConfigError: the bundle cannot be read.
    """
    bundle = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or ""
    if not bundle:
        context = ssl.create_default_context()
        if not os.environ.get("SSL_CERT_FILE"):
            context.load_verify_locations(cafile=botocore_bundle())
        return context
    path = Path(bundle).expanduser()
    try:
        folder = path.is_dir()
        return ssl.create_default_context(cafile=None if folder else str(path), capath=str(path) if folder else None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the bundle of certificate authorities cannot be read: {error.strerror or type(error).__name__}",
            where=f"{path}, from AWS_CA_BUNDLE, ca_bundle or REQUESTS_CA_BUNDLE",
        ) from error


def find_source(config: Config, environ: Mapping[str, str], session: Session) -> Source:
    """The first source that has credentials.

    Raises:
        AbsentError: none has.
        SandgateError: one has some that cannot be used.
    """
    try:
        keys = read_keys(config, environ)
    except MissingKeys as error:
        raise AbsentError(error) from None
    if keys is None:
        return of_chain(config, session)

    def read() -> Credential:
        # Anew each time: a rotation replaces the pair in the env file while runs go on.
        found = read_keys(config, environ)
        if found is None:
            raise missing_keys(config)
        return Credential(found.access_key_id, found.secret_access_key, found.session_token)

    remedy = "pass the current secrets to this job" if config.ci else "`sandgate rotate` makes a new key"
    return Source(read=read, described=keys.source, remedy=remedy)


def of_chain(config: Config, session: Session) -> Source:
    """What botocore finds: SSO, a process, a container, a web identity, or a profile's own keys or role.

    Args:
        config: names the profile, if one was chosen.
        session: of it.

    Raises:
        AbsentError: nothing.
        SandgateError: what it finds cannot be used.
    """
    profile = session.profile or "default"
    _never_ask(session, profile)
    credentials = _guarded(profile, session.get_credentials)
    if credentials is None:
        raise AbsentError(missing_keys(config))
    way = f"{credentials.method}, profile {profile}" if session.profile else str(credentials.method)

    def read() -> Credential:
        found = _guarded(profile, credentials.get_frozen_credentials)
        named = {"key id": found.access_key, "secret": found.secret_key, "token": found.token or ""}
        check_characters({f"the {name}": value for name, value in named.items() if value}, way)
        # Only those that botocore renews itself say when they end.
        expires: datetime | None = getattr(credentials, "_expiry_time", None)
        return Credential(found.access_key, found.secret_key, found.token or "", expires)

    read()
    remedy = (
        f"`aws sso login --profile {profile}`" if "sso" in str(credentials.method) else "renew them at their source"
    )
    return Source(read=read, described=way, remedy=remedy)


def _never_ask(session: Session, profile: str) -> None:
    """Make a profile that wants a code an error, not a question on a terminal that is not there."""

    def refuse(_prompt: str) -> str:
        raise EnvironmentFault(
            f"the profile {profile!r} wants an MFA code, and nobody can be asked for one here",
            where="mfa_serial of that profile",
            hint="use the keys that `sandgate up` writes, a profile of SSO, or one of a session that has its code",
        )

    provider: Any = session.get_component("credential_provider").get_provider("assume-role")
    provider._prompter = refuse  # noqa: SLF001 - botocore's clients do the same, by a loader that asks


def _guarded(profile: str, fetch: Callable[[], Any]) -> Any:
    try:
        return fetch()
    except SandgateError:
        raise
    except failures.ProfileNotFound as error:
        raise ConfigError(f"the AWS configuration: {error}", where=f"profile {profile}") from None
    except (failures.SSOError, failures.TokenRetrievalError) as error:
        raise EnvironmentFault(
            f"the SSO session of the profile {profile!r} has expired, or there is none: {error}",
            hint=f"`aws sso login --profile {profile}`",
        ) from None
    except (failures.ConnectionError, failures.HTTPClientError) as error:
        raise UnreachableError(
            f"who gives out the credentials of the profile {profile!r} cannot be reached: {type(error).__name__}",
            where="AWS configuration",
            hint="look at the network, HTTPS_PROXY and the region that the profile names",
        ) from None
    except ResponseParserError:
        # Its text quotes the answer, and a token with it.
        raise EnvironmentFault(
            f"the credentials of the profile {profile!r} cannot be had: AWS sent an answer that cannot be read",
            where="AWS configuration",
        ) from None
    # The last is what a process says that is no JSON.
    except (failures.BotoCoreError, failures.ClientError, OSError, ValueError) as error:
        raise EnvironmentFault(
            f"the credentials of the profile {profile!r} cannot be had: {error}",
            where="AWS configuration",
            hint=f"`aws sts get-caller-identity --profile {profile}` must work first",
        ) from None
