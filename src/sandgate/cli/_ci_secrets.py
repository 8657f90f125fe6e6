"""The key in the env file, proven, on its way to the secrets of CI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandgate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from sandgate.config.credentials import Keys
    from sandgate.config.model import Config

__all__ = ["key_made", "proven_values"]


def proven_values(config: Config, environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Name to value of the secrets, once AWS has said whose key it is.

    Args:
        config: of the project.
        environ: of this process; no key in it is used.

    Returns:
        The values, and the ARN of the key's user.

    Raises:
        SandgateError: there is no key, or it is not that of the tests' identity in the configured account.
    """
    from sandgate.ci.secrets import prove  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.config.identity import identity_names  # noqa: PLC0415

    keys = _keys(config, environ)
    if not config.account:
        raise ConfigError(
            "account is not set, so nobody knows whose key CI should have",
            where="[tool.sandgate], key account",
            hint="set it to the 12 digits of the sandbox account",
        )
    names = identity_names(config)
    arn = prove(keys.access_key_id, keys.secret_access_key, region=config.region, account=config.account)
    partition = arn.split(":")[1]
    known = {names.user_arn(config.account, partition), *config.identities}
    if arn not in known and arn.rpartition("/")[2] not in config.identities:
        raise ConfigError(
            f"the env file's key is that of {arn}, which is not the tests' identity",
            where=str(config.env_path),
            hint=f"`sandgate up` makes {names.user}; others can be named in identities",
        )
    return {names.key_id_variable: keys.access_key_id, names.secret_variable: keys.secret_access_key}, arn


def key_made(config: Config, environ: Mapping[str, str]) -> float | None:
    """When the env file's key was made, in seconds since 1970: as `up` has noted it, else as the file was written.

    Returns:
        `None` where the env file has no key, or is not read, as in a CI job.

    Raises:
        ConfigError: what is there is no key for CI.
    """
    from sandgate.config.env_file import env_values  # noqa: PLC0415
    from sandgate.config.identity import identity_names  # noqa: PLC0415
    from sandgate.identity.record import Record  # noqa: PLC0415

    if config.ci or not any(env_values(config).get(name) for name in config.key_variables):
        return None
    keys = _keys(config, environ)
    record = Record(root=config.root, user=identity_names(config).user_arn(config.account))
    noted = [float(event["at"]) for event in record.events() if event.get("id") == keys.access_key_id]
    return noted[0] if noted else config.env_path.stat().st_mtime


def _keys(config: Config, environ: Mapping[str, str]) -> Keys:
    from sandgate.config.credentials import read_keys  # noqa: PLC0415

    if config.ci:
        raise UsageError(
            "a CI job has no env file, and secrets come from there alone",
            where="environment, CI",
            hint="run it where `sandgate up` was run",
        )
    keys = read_keys(config, environ)
    if keys is None:
        raise ConfigError(
            "the env file has no key", where=str(config.env_path), hint="`sandgate up` makes one and writes it there"
        )
    if keys.session_token:
        raise ConfigError(
            "the env file's key is a session's, which ends within hours",
            where=str(config.env_path),
            hint='CI needs the key that `sandgate up` makes, or ci_credentials = "oidc"',
        )
    return keys
