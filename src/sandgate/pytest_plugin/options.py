"""Options of the configuration as options of pytest, and the folder that the configuration is looked for from."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sandgate.config.kinds import FLAG
from sandgate.config.options import OPTIONS
from sandgate.errors import ConfigError

__all__ = ["ALWAYS", "WHEN_ACTIVE", "add_options", "given", "starts_nothing", "where_to_look"]

ALWAYS = ("tier",)
WHEN_ACTIVE = (
    "region",
    "isolation",
    "allow_empty",
    "on_skip",
    "record_params",
    "timing",
    "also_profile",
    "on_refusal",
    "on_leftover",
    "keep",
    "keep_on_failure",
    "unsafe_no_guard",
)
"""Added only where sandgate is active, so that a project that does not use it keeps these names for itself."""

_STARTS_NOTHING = (
    "help",
    "version",
    "collectonly",
    "showfixtures",
    "show_fixtures_per_test",
    "markers",
    "setupplan",
    "cacheshow",
)
"""pytest's options under which no test and no fixture runs, by their names in its namespace."""


def add_options(parser: pytest.Parser, names: Sequence[str]) -> None:
    """Declare options of the configuration to pytest."""
    group = parser.getgroup("sandgate", "the gate to your AWS sandbox")
    for name in names:
        entry = OPTIONS[name]
        if entry.kind is FLAG:
            group.addoption(entry.flag, dest=_dest(name), action="store_true", default=None, help=entry.doc)
        else:
            group.addoption(entry.flag, dest=_dest(name), default=None, metavar=name.upper(), help=entry.doc)


def given(config: pytest.Config, parser: pytest.Parser, args: Sequence[str]) -> Mapping[str, object]:
    """The options that stand on the command line; those that do not are `None`.

    Raises:
        ConfigError: one that must be typed comes from pytest's configuration or a variable.
    """
    known = parser.parse_known_args(args, namespace=copy.copy(config.option))
    for entry in (OPTIONS[name] for name in WHEN_ACTIVE):
        typed = map(str, config.invocation_params.args)
        if entry.only_typed and getattr(known, _dest(entry.name), None) and entry.flag not in typed:
            raise ConfigError(
                f"{entry.flag} can only be given on the command line",
                where="addopts of pytest's configuration, or PYTEST_ADDOPTS",
                hint=f"take it out there, and type {entry.flag}",
            )
    return {name: getattr(known, _dest(name), None) for name in (*ALWAYS, *WHEN_ACTIVE)}


def starts_nothing(known: argparse.Namespace) -> bool:
    """Whether this pytest only shows something."""
    return any(getattr(known, name, None) for name in _STARTS_NOTHING)


def where_to_look(config: pytest.Config) -> Path:
    """The folder from which the configuration is looked for upward.

    That is pytest's root folder or the one it was started in, whichever is inside the other: started above a project
    the project's counts, started in one part of a big repository that part's.
    """
    root, here = config.rootpath, config.invocation_params.dir
    return root if root.is_relative_to(here) else here


def _dest(name: str) -> str:
    return f"sandgate_{name}"
