"""Env files: one per tier, in the syntax of python-dotenv; what is in them, and what tests may not inherit of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from dotenv.parser import Binding, parse_stream

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
    "there",
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
        ConfigError: it cannot be read, or a line is nothing that python-dotenv understands, or no variable. The line is
            named, not shown: it may hold a secret.
    """
    try:
        _check_kind(path)
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
        _check_variable(binding, path)
    return {entry.key: entry.value for entry in bindings if entry.key is not None and entry.value is not None}


def there(path: Path) -> bool:
    """Whether there is anything under the path of an env file; what cannot be looked at is, and reading it says why."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _is_file(path: Path) -> bool:
    """Whether there is a file that can be looked at."""
    with contextlib.suppress(OSError):
        return path.is_file()
    return False


def _check_kind(path: Path) -> None:
    """Opening a pipe may wait for ever, and what is read from it is gone for the gate and for who joins the run."""
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path.samefile(os.devnull):
        return
    raise ConfigError(
        "the env file is a pipe or a device, which cannot be read again; every process of a run reads it",
        where=str(path),
        hint="write it into a file that only you may read, or take /dev/null for none",
    )


def _check_variable(binding: Binding, path: Path) -> None:
    """POSIX.1-2017, 8.1: a name has no `=`, and neither name nor value a NUL; starting a process raises otherwise."""
    if binding.key is None or binding.value is None:
        return
    # What stands behind a = within quotes may have been meant as the value.
    name, equals, _ = binding.key.partition("=")
    wrong = "NUL character" if "\0" in binding.key + binding.value else "= in its name" if equals else ""
    if wrong:
        text = binding.original.string
        line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
        raise ConfigError(
            f"the entry {name!r} of the env file has a {wrong}, which no environment variable can have",
            where=f"{path}, line {line}",
            hint="take it out",
        )


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
    return read_env_file(path) if not config.ci and there(path) else {}


def env_paths(config: Config) -> tuple[Path, ...]:
    """Every env file that the project has: of each tier and alias, and `.env` itself."""
    aliases = config.tier_aliases
    names = (*case_names("sandgate.tiers"), *aliases, *aliases.values(), config.asked_tier)
    paths = (*(config.env_path_of(name) for name in names if name), config.root / _PLAIN)
    return tuple(path for path in dict.fromkeys(paths) if _is_file(path))


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
