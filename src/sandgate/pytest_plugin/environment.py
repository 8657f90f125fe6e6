"""The environment of this process, for as long as pytest runs in it."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from sandgate.config.env_file import passed_values, protected_names
from sandgate.config.model import Config
from sandgate.core.environment import ChildFacts, changes

__all__ = ["lead_nowhere", "set_environment"]

_NOWHERE = "http://127.0.0.1:9"
"""The discard port: a client that is made while nothing may run ends here, and not at AWS."""


def set_environment(config: pytest.Config, wanted: Mapping[str, str | None]) -> None:
    """Set and unset (`None`) variables of this process, and put them back when pytest ends."""
    before = {name: os.environ.get(name) for name in wanted}
    _apply(wanted)
    config.add_cleanup(lambda: _apply(before))


def lead_nowhere(config: pytest.Config, settings: Config, *, passes: bool = True) -> None:
    """For a pytest that only shows something: no gate, but no way to the user's account either.

    Args:
        config: pytest's.
        settings: ours.
        passes: whether it gets what the env file has for the tests. Without, nothing of the settings is an error.

    Raises:
        ConfigError: the env file cannot be read.
    """
    facts = ChildFacts(
        gate_url=_NOWHERE,
        access_key_id="SGATENOWHERE",
        secret_access_key="nowhere",  # noqa: S106 - a key of nothing
        region=settings.region,
        run_dir="",
        worker="main",
        namespace="",
        empty_file=os.devnull,
        variables=settings.variables,
        env_file_keys=protected_names(settings),
        passed=passed_values(settings) if passes else {},
    )
    set_environment(config, changes(os.environ, facts))


def _apply(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
