"""Options of the configuration as options of a command, and the configuration that follows from them."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from sandgate.config.kinds import FLAG
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.config.options import OPTIONS

__all__ = ["flag_of", "read_config", "values_of"]


def flag_of(name: str) -> Any:
    """The typer option for an option of the configuration.

    Used as `tier: Annotated[str | None, flag_of("tier")] = None`; `None` stands for not given, so that nearer
    and farther sources keep their order.
    """
    entry = OPTIONS[name]
    spelling = f"{entry.flag}/--no-{entry.flag[2:]}" if entry.kind is FLAG else entry.flag
    return typer.Option(spelling, help=entry.doc, show_default=False, autocompletion=values_of(name))


def values_of(name: str) -> Callable[[], list[str]] | None:
    """What a shell completes: fixed choices, or the cases of a registry by their files, without importing them."""
    entry = OPTIONS[name]
    if entry.choices:
        return lambda: list(entry.choices)
    if entry.choices_from:
        return lambda: [
            module.name.replace("_", "-")
            for module in pkgutil.iter_modules(import_module(entry.choices_from).__path__)
            if not module.name.startswith("_")
        ]
    return None


def read_config(**overrides: object) -> Config:
    """The configuration that holds here: the process's own folder and environment, and the command line."""
    return load(cwd=Path.cwd(), environ=os.environ, overrides=overrides)
