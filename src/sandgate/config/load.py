"""Reading the configuration: default < file < env file < environment < command line.

The order is that of the sources' nearness to the person who types. A table (`stacks`, `endpoints`,
`variables`) comes from the file as a whole. In a CI job the env file is left out.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandgate.config.declare import build
from sandgate.config.env_file import in_ci, read_env_file, there
from sandgate.config.env_options import TIER
from sandgate.config.kinds import WrongValue
from sandgate.config.model import Config
from sandgate.config.options import INTERNAL_VARIABLES, OPTIONS
from sandgate.core.registry import nearest
from sandgate.errors import ConfigError, UsageError

__all__ = ["load"]

_PREFIX = "SANDGATE_"
_BEFORE_ENV_FILE = ("env_file", "tier", "tier_aliases")
_SECTION = "[tool.sandgate]"


def load(*, cwd: Path, environ: Mapping[str, str], overrides: Mapping[str, object], creating: bool = False) -> Config:
    """The configuration that holds in a folder.

    Args:
        cwd: where to start looking upward for the file.
        environ: the environment; only `SANDGATE_*` is read.
        overrides: values from the command line by option name; `None` means not given.
        creating: for who makes the env file: one that was asked for need not be there yet.

    Raises:
        ConfigError: a file cannot be read, or a key or value in any source is wrong.
        UsageError: a value from the command line is wrong.
    """
    values: dict[str, Any] = {}
    sources = dict.fromkeys(OPTIONS, "default")

    def take(found: Mapping[str, tuple[object, str]]) -> None:
        for name, (value, source) in found.items():
            values[name] = value
            sources[name] = source

    file, table, where = _find(cwd)
    root = file.parent if file else cwd
    ci = in_ci(environ)
    take(_from_table(table, where))
    # What decides on the env file's own path cannot stand in it, so the nearer sources are read first, once for that.
    near = {**_from_variables(environ, "environment"), **_from_command_line(overrides)}
    take({name: entry for name, entry in near.items() if name in _BEFORE_ENV_FILE})
    if not ci:
        take(_from_env_file(Config(**values, root=root, sources=sources), creating=creating))
    take(near)
    # Only now: a fixed env file may have named the tier.
    asked = values.get("tier", OPTIONS["tier"].default)
    config = Config(**values, root=root, file=file, sources=sources, asked_tier=asked, ci=ci)
    return _resolved(config)


def _resolved(config: Config) -> Config:
    """With the tier itself where an alias was asked for."""
    tier = config.resolve_tier(config.asked_tier)
    if tier == config.asked_tier:
        return config
    said = f"{config.sources['tier']}, where {config.asked_tier!r} is {tier!r}"
    return dataclasses.replace(config, tier=tier, sources={**config.sources, "tier": said})


def _find(cwd: Path) -> tuple[Path | None, Mapping[str, object], str]:
    """The nearest configuration file from `cwd` upward, its table, and how messages call it."""
    start = cwd.absolute()
    for folder in (start, *start.parents):
        own, shared = folder / "sandgate.toml", folder / "pyproject.toml"
        section = _section(shared)
        if own.is_file():
            if section is not None:
                raise ConfigError(
                    "two configurations stand in one folder",
                    where=f"{own} and {_SECTION} in {shared}",
                    hint="keep one of them",
                )
            return own, _toml(own), str(own)
        if section is not None:
            return shared, section, f"{shared}, {_SECTION}"
    return None, {}, ""


def _section(path: Path) -> Mapping[str, object] | None:
    """The table of a pyproject.toml, or `None` where it has none.

    A file that does not hold the word at all is not parsed: a broken one above somebody's project is not ours.
    """
    if not path.is_file() or b"sandgate" not in _bytes(path):
        return None
    tool = _toml(path).get("tool", {})
    section = tool.get("sandgate") if isinstance(tool, Mapping) else None
    if section is not None and not isinstance(section, Mapping):
        raise ConfigError("tool.sandgate must be a table", where=str(path), hint=f"write {_SECTION}")
    return section


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_bytes(path).decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 at byte {error.start}", where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{path}, line {line[1]}" if line else f"{path}, at its end"
        raise ConfigError(f"is not TOML: {error}", where=where) from None
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise ConfigError("is nested too deep, or holds a number too long to read", where=str(path)) from None


def _from_table(table: Mapping[str, object], where: str) -> dict[str, tuple[object, str]]:
    try:
        return {name: (value, where) for name, value in build(OPTIONS, table).items()}
    except WrongValue as wrong:
        hint = wrong.hint
        if wrong.path == ("tool",):
            hint = "in sandgate.toml the keys stand at the top, without a section"
        key = ".".join(wrong.path)
        raise ConfigError(f"{key}: {wrong.message}", where=f"{where}, key {key}", hint=hint) from None


def _from_variables(environ: Mapping[str, str | None], where: str) -> dict[str, tuple[object, str]]:
    by_variable = {entry.variable: entry for entry in OPTIONS.values() if entry.variable}
    found: dict[str, tuple[object, str]] = {}
    for variable, text in _ours(environ):
        entry = by_variable.get(variable)
        typed = OPTIONS.get(variable.removeprefix(_PREFIX).lower())
        if typed is not None and typed.only_typed:
            raise ConfigError(
                f"{variable} can only be given on the command line", where=where, hint=f"type {typed.flag}"
            )
        if entry is None:
            close = nearest(variable, by_variable)
            raise ConfigError(
                f"unknown variable {variable}",
                where=where,
                hint=f"did you mean {close}?" if close else "`sandgate config` lists the variables",
            )
        try:
            found[entry.name] = (entry.accept_text(text), f"{where}, {variable}")
        except WrongValue as wrong:
            raise ConfigError(f"{variable} {wrong.message}", where=where, hint=wrong.hint) from None
    return found


def _ours(environ: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Our variables that hold something; an empty one counts as unset, as CI systems pass them."""
    for variable, text in environ.items():
        if variable.startswith(_PREFIX) and variable not in INTERNAL_VARIABLES and text:
            yield variable, text


def _from_env_file(config: Config, *, creating: bool) -> dict[str, tuple[object, str]]:
    path, asked_by = config.env_path, config.sources["env_file"]
    one_for_each = TIER in config.env_file
    if not there(path):
        # Of files by tier most tiers need none; the one file that was asked for must be there.
        if asked_by == "default" or one_for_each or creating:
            return {}
        raise ConfigError(
            "the env file does not exist", where=f"{path}, from {asked_by}", hint="create it or unset env_file"
        )
    found = _from_variables(read_env_file(path), str(path))
    named = found.pop("tier", None) if one_for_each else None
    if named and config.resolve_tier(str(named[0])) != config.resolve_tier(config.tier):
        raise ConfigError(
            f"the env file of the tier {config.tier!r} cannot choose another one",
            where=named[1],
            hint=f"take SANDGATE_TIER out of it, or set tier = {named[0]!r} in the configuration file",
        )
    return found


def _from_command_line(overrides: Mapping[str, object]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for name, value in overrides.items():
        if value is None:
            continue
        entry = OPTIONS[name]
        try:
            found[name] = (entry.accept(value), f"command line, {entry.flag or name}")
        except WrongValue as wrong:
            raise UsageError(f"{entry.flag or name} {wrong.message}", where="command line", hint=wrong.hint) from None
    return found
