"""Env files: one per tier, in the syntax of python-dotenv; what is in them, and what tests may not inherit of it."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from dotenv.parser import parse_stream

from sandgate.config.model import Config
from sandgate.core.environment import never_passed
from sandgate.core.registry import case_names
from sandgate.errors import ConfigError

__all__ = [
    "env_paths",
    "env_values",
    "in_ci",
    "passed_values",
    "protected_names",
    "read_env_file",
    "readable_by_others",
]

_NO = frozenset({"", "0", "false", "no", "off"})
_PLAIN = ".env"
"""What programs load by themselves, whether sandgate uses it or not."""
_OURS = "SANDGATE_*"


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether this is a CI job, in which only the environment is read: every CI system sets `CI`."""
    return environ.get("CI", "").lower() not in _NO


def read_env_file(path: Path) -> dict[str, str]:
    """The entries of an env file.

    Values are never expanded: they must not depend on what happens to be exported.

    Args:
        path: of a file that exists.

    Returns:
        Name to value, the last of two equal names; a name without `=` is no entry.

    Raises:
        ConfigError: it cannot be read, or a line is nothing that python-dotenv understands. The line is named, not
            shown: it may hold a secret.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the env file cannot be read: {_why(error)}",
            where=str(path),
            hint="a text file in UTF-8 that you may read",
        ) from None
    for binding in bindings:
        if binding.error:
            raise ConfigError(
                "this line of the env file is not NAME=value",
                where=f"{path}, line {binding.original.line}",
                hint="quote values with spaces or quotes: NAME='it is \"this\"'; comments begin with #",
            )
    return {entry.key: entry.value for entry in bindings if entry.key is not None and entry.value is not None}


def _why(error: OSError | UnicodeDecodeError) -> str:
    # The text of the other quotes the bytes that it stumbled on.
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not UTF-8"


def env_values(config: Config) -> Mapping[str, str]:
    """The entries of a configuration's env file; none where there is no file, or in a CI job.

    Raises:
        ConfigError: as `read_env_file`.
    """
    path = config.env_path
    # A folder of that name is nobody's intention; reading it says so.
    return read_env_file(path) if not config.ci and (path.is_file() or path.is_dir()) else {}


def env_paths(config: Config) -> tuple[Path, ...]:
    """Every env file that the project has: of each tier and alias, and `.env` itself."""
    aliases = config.tier_aliases
    names = (*case_names("sandgate.tiers"), *aliases, *aliases.values(), config.asked_tier)
    paths = (*(config.env_path_of(name) for name in names if name), config.root / _PLAIN)
    return tuple(path for path in dict.fromkeys(paths) if path.is_file())


def protected_names(config: Config) -> frozenset[str]:
    """Names that tests may not inherit, since an env file of this tier or another has them.

    A shell that has read the file of another tier, as `source` and `direnv` do, would take its settings along. In a CI
    job, where the environment stands for the file, what may be passed is inherited.
    """
    names = {name for path in env_paths(config) for name in _names_in(path)}
    return frozenset(name for name in names if not (config.ci and _may_pass(config, name)))


def _names_in(path: Path) -> Iterator[str]:
    """The names that a loader would find in a file; it need not be one of ours, so nothing in it is an error."""
    with contextlib.suppress(OSError, UnicodeDecodeError), path.open(encoding="utf-8") as stream:
        yield from (entry.key for entry in parse_stream(stream) if entry.key is not None)


def passed_values(config: Config) -> dict[str, str]:
    """What the tests get from the env file: what `env_pass` names, and no credential under any name.

    Raises:
        ConfigError: as `read_env_file`.
    """
    values = env_values(config)
    secret = {value for name, value in values.items() if _is_credential(config, name) and value}
    return {name: value for name, value in values.items() if _may_pass(config, name) and value not in secret}


def readable_by_others(path: Path) -> bool:
    """Whether anybody but its owner may read a file."""
    return bool(stat.S_IMODE(path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH))


def _may_pass(config: Config, name: str) -> bool:
    ours = fnmatchcase(name, _OURS) or _is_credential(config, name)
    return not ours and any(fnmatchcase(name, pattern) for pattern in config.env_pass)


def _is_credential(config: Config, name: str) -> bool:
    return never_passed(name) or name in set(_key_names(config))


def _key_names(config: Config) -> Iterator[str]:
    yield from config.key_variables
    for entry in config.endpoints.values():
        yield from (entry.access_key_id_env, entry.secret_access_key_env)
