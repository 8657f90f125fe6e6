"""Opening a session: read the configuration, start or join a run, and set the environment, in that order."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

import pytest
from dotenv import dotenv_values

from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.config.options import OPTIONS
from sandgate.core.environment import ChildFacts, changes
from sandgate.errors import ExitCode, SandgateError, UsageError
from sandgate.pytest_plugin.fixtures import fixture_modules
from sandgate.pytest_plugin.options import WHEN_ACTIVE, add_options, given, starts_nothing, where_to_look
from sandgate.pytest_plugin.running import SessionPlugin
from sandgate.pytest_plugin.state import STATE, State
from sandgate.session import Run, join, start

__all__ = ["open_session"]

_NOWHERE = "http://127.0.0.1:9"
"""The discard port: a client that is made while nothing may run ends here, and not at AWS."""


def open_session(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Make this pytest process a part of a run, if it is to run anything.

    Args:
        config: pytest's, with the command line read as far as it is known.
        parser: to declare the other options to.
        args: the command line.
    """
    shows_only = starts_nothing(config.known_args_namespace)
    joins = bool(os.environ.get("SANDGATE_RUN_DIR"))
    try:
        settings = None if joins else _settings(config, config.known_args_namespace.sandgate_tier)
        if not joins and settings is None:
            return
        add_options(parser, WHEN_ACTIVE)
        asked = given(config, parser, args)
        if shows_only:
            if not joins:
                _set_environment(config, changes(os.environ, _nowhere(_read(config, asked))))
        elif joins:
            _enter(config, _joined(asked))
        else:
            _enter(config, _started(config, _read(config, asked)))
    except SandgateError as error:
        if not shows_only:
            _give_up(str(error), error.exit_code)
    except KeyboardInterrupt:
        _give_up("interrupted while the gate started", ExitCode.INTERRUPTED)
    for module in fixture_modules():
        config.pluginmanager.import_plugin(module)


def _settings(config: pytest.Config, tier: str | None) -> Config | None:
    """The configuration, or `None` where sandgate is not asked for."""
    settings = _read(config, {"tier": tier})
    return settings if settings.active or tier is not None else None


def _read(config: pytest.Config, asked: Mapping[str, object]) -> Config:
    return load(cwd=where_to_look(config), environ=os.environ, overrides=asked)


def _started(config: pytest.Config, settings: Config) -> Run:
    """A run of our own, which ends with this process even if nothing else ends it."""
    run = start(settings, progress=_say())
    config.add_cleanup(run.close)
    return run


def _joined(asked: Mapping[str, object]) -> Run:
    """The run that this process is a child of; what it asks for must be what the run is."""
    run = join(os.environ)
    for name, value in asked.items():
        if value is not None and value != (has := getattr(run.config, name)):
            flag = OPTIONS[name].flag
            raise UsageError(
                f"{flag} {value} was asked for, and this pytest belongs to a run with {name} {has}",
                where=f"command line, {flag}",
                hint=f"give {flag} to the command that started the run, or leave the run first",
            )
    return run


def _enter(config: pytest.Config, run: Run) -> None:
    # Only in a child of a run is the variable pytest-xdist's own doing; a test of somebody's own may have inherited it.
    worker = "main" if run.owner else os.environ.get("PYTEST_XDIST_WORKER", "main")
    _set_environment(config, run.changes(os.environ, worker))
    state = State(run=run, worker=worker, server_errors=[])
    config.stash[STATE] = state
    config.pluginmanager.register(SessionPlugin(config, state), "sandgate-session")


def _set_environment(config: pytest.Config, wanted: Mapping[str, str | None]) -> None:
    """Set and unset variables of this process, and put them back when pytest ends."""
    before = {name: os.environ.get(name) for name in wanted}

    def apply(values: Mapping[str, str | None]) -> None:
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    apply(wanted)
    config.add_cleanup(lambda: apply(before))


def _nowhere(settings: Config) -> ChildFacts:
    """For a pytest that only shows something: no gate, but no way to the user's account either."""
    env_file = settings.env_path
    return ChildFacts(
        gate_url=_NOWHERE,
        access_key_id="SGATENOWHERE",
        secret_access_key="nowhere",  # noqa: S106 - a key of nothing
        region=settings.region,
        run_dir="",
        worker="main",
        namespace="",
        empty_file=os.devnull,
        variables=settings.variables,
        env_file_keys=frozenset(dotenv_values(env_file, interpolate=False)) if env_file.is_file() else frozenset(),
    )


def _say() -> Callable[[str], None]:
    """Tell on standard error what takes longer than a second; quick starts stay silent."""
    began = time.monotonic()

    def say(text: str) -> None:
        if "environment" in text or "installing" in text or time.monotonic() - began > 1:
            sys.stderr.write(f"sandgate: {text}\n")
            sys.stderr.flush()

    return say


def _give_up(message: str, status: ExitCode) -> NoReturn:
    """End as pytest does for a wrong command line, but with our own status: no traceback, no tests."""
    sys.stderr.write(f"ERROR: {message}\n")
    sys.stderr.flush()
    raise SystemExit(int(status))
