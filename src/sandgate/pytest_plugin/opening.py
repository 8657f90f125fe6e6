"""Opening a session: read the configuration and decide what this pytest is to be part of."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn

import pytest

from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.errors import ExitCode, SandgateError
from sandgate.pytest_plugin.fixtures import fixture_modules
from sandgate.pytest_plugin.options import WHEN_ACTIVE, add_options, given, starts_nothing, where_to_look

__all__ = ["open_session"]


def open_session(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Make this pytest process a part of a run, if it is to run anything.

    Args:
        config: pytest's, with the command line read as far as it is known.
        parser: to declare the other options to.
        args: the command line.
    """
    shows_only = starts_nothing(config.known_args_namespace)
    try:
        if not _is_active(config):
            return
        add_options(parser, WHEN_ACTIVE)
        _enter(config, given(config, parser, args), shows_only=shows_only)
    except SandgateError as error:
        if not shows_only:
            _give_up(str(error), error.exit_code)
        _show_all_the_same(config, error)
    except KeyboardInterrupt:
        _give_up("interrupted while the gate started", ExitCode.INTERRUPTED)
    for name in fixture_modules():
        config.pluginmanager.register(import_module(name), name)


def _is_active(config: pytest.Config) -> bool:
    """Whether this process belongs to a run, or asks for one by an option or a configuration file."""
    tier = config.known_args_namespace.sandgate_tier
    return _joins() or tier is not None or _read(config, {}).active


def _joins() -> bool:
    return bool(os.environ.get("SANDGATE_RUN_DIR"))


def _read(config: pytest.Config, asked: Mapping[str, object]) -> Config:
    return load(cwd=where_to_look(config), environ=os.environ, overrides=asked)


def _enter(config: pytest.Config, asked: Mapping[str, object], *, shows_only: bool) -> None:
    # What follows is loaded only by those who need it: it costs more than all that came before.
    if shows_only:
        from sandgate.pytest_plugin.environment import lead_nowhere  # noqa: PLC0415

        # In the child of a run the environment already leads to its gate.
        if not _joins():
            lead_nowhere(config, _read(config, asked))
        return
    from sandgate.pytest_plugin.entering import enter, join_run, start_run  # noqa: PLC0415

    enter(config, join_run(config, asked) if _joins() else start_run(config, _read(config, asked)))


def _show_all_the_same(config: pytest.Config, error: SandgateError) -> None:
    """Say what is wrong, and go on as far away from the user's account as with a configuration that is right."""
    if not _joins():
        from sandgate.pytest_plugin.environment import lead_nowhere  # noqa: PLC0415 - see `_enter`

        lead_nowhere(config, Config(root=where_to_look(config)), passes=False)
    sys.stderr.write(f"WARNING: {error}\n")
    sys.stderr.flush()


def _give_up(message: str, status: ExitCode) -> NoReturn:
    """End as pytest does for a wrong command line, but with our own status: no traceback, no tests."""
    sys.stderr.write(f"ERROR: {message}\n")
    sys.stderr.flush()
    raise SystemExit(int(status))
