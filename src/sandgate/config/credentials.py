"""The key pair of the tests' identity: where it may come from, what is missing, and what stale one is in the way."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandgate.config.env_file import env_paths, env_values, there
from sandgate.config.env_options import TIER
from sandgate.config.identity import identity_names
from sandgate.config.model import Config
from sandgate.errors import ConfigError

__all__ = [
    "Keys",
    "MissingKeys",
    "StaleKey",
    "account_of_key",
    "check_characters",
    "missing_keys",
    "read_keys",
    "shown_key",
    "stale_key",
]

_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_TOKEN = "AWS_SESSION_TOKEN"  # noqa: S105 - the name of a variable
_OTHER_WAYS = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Variables by which a CI job lets SDKs fetch credentials (AWS SDKs and Tools Reference Guide)."""
_CHARACTERS = re.compile(r"[!-~]+")
_SHOWN = 4
_KEY_LENGTH = 20
_ACCOUNT_BITS, _ACCOUNT_SHIFT = 40, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A key pair, and a session's token where it has one."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    source: str
    """From where, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleKey:
    """An exported key id that is not the env file's; runs do not use it."""

    variable: str
    shown: str
    """The key id, all but its ends hidden."""
    file_shown: str
    """The env file's, as well."""
    account: str
    """The account that the exported key is of; empty where the key id does not tell."""
    file: str


class MissingKeys(ConfigError):
    """There are no credentials for the tests' identity."""


def read_keys(config: Config, environ: Mapping[str, str], service: str = "") -> Keys | None:
    """The key pair that the configuration's one source holds: the env file, or in a CI job the environment.

    Exported keys count in CI only; elsewhere they are somebody's own, or stale. Empty values count as absent, since CI
    systems pass them for secrets that a job may not have.

    Args:
        config: the run's.
        environ: of the process that the user started.
        service: of the identity, where there are several.

    Returns:
        The pair, or `None` where something else may have credentials: a profile, the SDK's own chain.

    Raises:
        MissingKeys: in a CI job, there are none, and nothing else that could have some.
        ConfigError: half a pair, or an env file that cannot be read.
    """
    names = identity_names(config, service)
    pair = (names.key_id_variable, names.secret_variable)
    values: Mapping[str, str] = environ if config.ci else env_values(config)
    where = "environment" if config.ci else str(config.env_path)
    found = _pair(values, pair, where, ci=config.ci)
    if found is None and config.ci and pair != _AWS:
        # A job that has exchanged its OIDC token leaves the session under the names of the SDKs.
        found = _pair(values, _AWS, where, ci=True) if values.get(_TOKEN) else None
    if found is None and config.ci and not _another_way(config, environ):
        raise missing_keys(config, service)
    return found


def check_characters(values: Mapping[str, str], where: str) -> None:
    """See that values can be those of a key: with a line end at its end, one would be an error whose text quotes it.

    Args:
        values: by name, each a key id, a secret or a token.
        where: they stand.

    Raises:
        ConfigError: one holds white space, or what is not ASCII; names it, and does not show it.
    """
    for name, value in values.items():
        if not _CHARACTERS.fullmatch(value):
            raise ConfigError(
                f"{name} holds a line end, a space or another character that no key has",
                where=where,
                hint="write it again, without what is before and behind it",
            )


def missing_keys(config: Config, service: str = "") -> MissingKeys:
    """The one error about absent credentials: it names the variables, and where they belong."""
    names = identity_names(config, service)
    key_id, secret = names.key_id_variable, names.secret_variable
    if config.ci:
        return MissingKeys(
            f"there are no credentials for {names.user!r}: the variables {key_id} and {secret} are not set or empty",
            where="environment of this CI job; env files are not read in CI",
            hint=f"make the repository secrets {key_id} and {secret} (`sandgate ci secrets push`), and pass them to "
            "this step as env; a pull request from a fork gets none",
        )
    others = [path for path in env_paths(config) if path != config.env_path] if TIER in config.env_file else []
    near = f"; there is {', '.join(path.name for path in others)}" if others else ""
    file = config.env_path.name
    which = f"{key_id} and {secret} are not in {file}"
    if not there(config.env_path):
        which = f"{file}, which should have {key_id} and {secret}, does not exist"
    return MissingKeys(
        f"there are no credentials for {names.user!r}: {which}",
        where=f"{config.env_path}{near}; exported variables count in CI only",
        hint=f"`sandgate up --tier {config.asked_tier or config.tier}` makes the identity and writes them",
    )


def stale_key(config: Config, environ: Mapping[str, str], service: str = "") -> StaleKey | None:
    """An exported key id that claims to be the identity's and is not the env file's.

    Raises:
        ConfigError: the env file cannot be read.
    """
    variable = identity_names(config, service).key_id_variable
    kept, exported = env_values(config).get(variable, ""), environ.get(variable, "")
    # A shell that belongs to a run has its run key there.
    if not kept or not exported or kept == exported or environ.get("SANDGATE_RUN_DIR"):
        return None
    return StaleKey(
        variable=variable,
        shown=shown_key(exported),
        file_shown=shown_key(kept),
        account=account_of_key(exported),
        file=config.env_path.name,
    )


def shown_key(key_id: str) -> str:
    """A key id as it may be shown: its ends tell two of them apart."""
    return f"{key_id[:_SHOWN]}…{key_id[-_SHOWN:]}" if len(key_id) >= _KEY_LENGTH else "…"


def account_of_key(key_id: str) -> str:
    """The account that an access key id is of, read from the id itself; empty where it does not say.

    Ids of the newer form hold, in base32 after their prefix, a bit that is set, then the account's number in 40 bits;
    in older ones that bit is not set. AWS documents none of this, so it is for messages only.
    """
    if len(key_id) != _KEY_LENGTH or key_id[:_SHOWN] not in {"AKIA", "ASIA"}:
        return ""
    try:
        raw = base64.b32decode(key_id[_SHOWN:])
    except binascii.Error:
        return ""
    form, account = divmod(int.from_bytes(raw[:6], "big") >> _ACCOUNT_SHIFT, 1 << _ACCOUNT_BITS)
    return f"{account:012d}" if form and account < 10**12 else ""


def _pair(values: Mapping[str, str], names: tuple[str, str], where: str, *, ci: bool) -> Keys | None:
    """Both halves, or neither."""
    key_id, secret = (values.get(name, "") for name in names)
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        missing = names[1] if key_id else names[0]
        raise ConfigError(
            f"{missing} is missing: only one half of the key pair is there",
            where=where,
            hint=f"set {missing} as well, or take both out"
            + ("; in CI it comes from the repository secret of the same name" if ci else ""),
        )
    token = values.get(_TOKEN, "") if names == _AWS else ""
    named = {names[0]: key_id, names[1]: secret, _TOKEN: token}
    check_characters({name: value for name, value in named.items() if value}, where)
    return Keys(access_key_id=key_id, secret_access_key=secret, session_token=token, source=f"{where}, {names[0]}")


def _another_way(config: Config, environ: Mapping[str, str]) -> bool:
    return bool(config.profile) or any(environ.get(name) for name in _OTHER_WAYS)
