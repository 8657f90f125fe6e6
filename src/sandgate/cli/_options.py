"""Options of the configuration as options of a command, and the configuration that follows from them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sandgate.cli._here import here
from sandgate.config.kinds import FLAG, NUMBER, TEXT, WHOLE, Kind
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.config.options import OPTIONS
from sandgate.core.registry import case_names
from sandgate.errors import SandgateError

if TYPE_CHECKING:
    from sandgate.tiers._model import Tier

__all__ = ["flag_of", "read_config", "read_config_creating", "tier_named", "tier_of", "values_of", "with_run_options"]

_REST = Parameter.VAR_KEYWORD
_TYPES: Mapping[Kind, type] = MappingProxyType({TEXT: str, FLAG: bool, WHOLE: int, NUMBER: float})


def flag_of(name: str) -> Any:
    """The typer option for an option of the configuration.

    Used as `tier: Annotated[str | None, flag_of("tier")] = None`; `None` stands for not given, so that nearer
    and farther sources keep their order.
    """
    entry = OPTIONS[name]
    both_ways = entry.kind is FLAG and not entry.only_typed
    spelling = f"{entry.flag}/--no-{entry.flag[2:]}" if both_ways else entry.flag
    return typer.Option(spelling, help=entry.doc, show_default=False, autocompletion=values_of(name))


def with_run_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that starts a run every option of the configuration that has a flag.

    Args:
        function: takes them as `**options`, by their names in the configuration, and `None` for those not given.
    """
    own = [entry for entry in signature(function, eval_str=True).parameters.values() if entry.kind is not _REST]
    run = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[_TYPES[entry.kind] | None, flag_of(name)],  # type: ignore[name-defined, unused-ignore]
        )
        for name, entry in OPTIONS.items()
        if entry.flag
    ]

    @wraps(function)
    def command(**given: object) -> None:
        function(**given)

    # typer reads both.
    command.__signature__ = Signature([*own, *run])  # type: ignore[attr-defined]
    command.__annotations__ = {entry.name: entry.annotation for entry in (*own, *run)}
    return command


def values_of(name: str) -> Callable[[], list[str]] | None:
    """What a shell completes: fixed choices, or the cases of a registry by their files, without importing them."""
    entry = OPTIONS[name]
    if entry.choices:
        return lambda: list(entry.choices)
    if entry.choices_from:
        return lambda: [*case_names(entry.choices_from), *(_aliases() if name == "tier" else ())]
    return None


def _aliases() -> list[str]:
    """Other names of tiers that the configuration here has; a shell that completes is not told what is wrong in it."""
    with contextlib.suppress(SandgateError):
        return list(read_config().tier_aliases)
    return []


def tier_of(name: str) -> str:
    """The tier that a typed name stands for; a broken configuration stops nobody from finding a living run."""
    with contextlib.suppress(SandgateError):
        return read_config().resolve_tier(name)
    return name


def tier_named(name: str, source: str = "", aliases: Iterable[str] = ()) -> Tier:
    """A tier of the registry.

    Args:
        name: of the tier.
        source: where the name comes from.
        aliases: other names that may have been meant.

    Raises:
        UsageError: there is none.
    """
    from sandgate.core.registry import discover, lookup  # noqa: PLC0415 - tiers bring HTTP clients with them
    from sandgate.tiers._model import Tier  # noqa: PLC0415

    tiers = discover("sandgate.tiers", "TIER", Tier, only=name)
    return lookup(tiers, name, what="tier", where=source, aliases=aliases)


def read_config(**overrides: object) -> Config:
    """The configuration that holds here: the process's own folder and environment, and the command line."""
    return load(cwd=here(), environ=os.environ, overrides=overrides)


def read_config_creating(**overrides: object) -> Config:
    """As `read_config`, for who makes the env file: one that was asked for need not be there yet."""
    return load(cwd=here(), environ=os.environ, overrides=overrides, creating=True)
