"""Entering a run: start one or join one, put its environment in place, and register the session's hooks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module

import pytest

from sandgate.config.model import Config
from sandgate.config.notices import notices
from sandgate.config.options import OPTIONS
from sandgate.errors import UsageError
from sandgate.pytest_plugin.elsewhere import watch
from sandgate.pytest_plugin.environment import set_environment
from sandgate.pytest_plugin.fixtures import fixture_modules
from sandgate.run import Run
from sandgate.session import join, start

__all__ = ["enter", "join_run", "start_run"]


def start_run(config: pytest.Config, settings: Config) -> Run:
    """A run of our own, which ends with this process even if nothing else ends it.

    Raises:
        SandgateError: why it does not start.
    """
    for said in notices(settings, os.environ):
        sys.stderr.write(f"sandgate: {said}\n")
    run = start(settings, progress=_say(), meanwhile=_load)
    config.add_cleanup(run.close)
    return run


def join_run(config: pytest.Config, asked: Mapping[str, object]) -> Run:
    """The run that this process is a child of; what it asks for must be what the run is.

    Raises:
        UsageError: something else is asked for.
        RunError: the run has ended.
    """
    run = join(os.environ)
    config.add_cleanup(run.close)
    for name, value in asked.items():
        wanted = run.config.resolve_tier(str(value)) if name == "tier" and value is not None else value
        if value is not None and wanted != (has := getattr(run.config, name)):
            flag = OPTIONS[name].flag
            raise UsageError(
                f"{flag} {value} was asked for, and this pytest belongs to a run with {name} {has}",
                where=f"command line, {flag}",
                hint=f"give {flag} to the command that started the run, or leave the run first",
            )
    return run


def enter(config: pytest.Config, run: Run) -> None:
    """Make this process a part of the run."""
    from sandgate.pytest_plugin.running import SessionPlugin  # noqa: PLC0415 - see `_load`
    from sandgate.pytest_plugin.state import STATE, State  # noqa: PLC0415

    # Only in a child of a run is the variable pytest-xdist's own doing; a test of somebody's own may have inherited it.
    worker = "main" if run.owner else os.environ.get("PYTEST_XDIST_WORKER", "main")
    set_environment(config, run.changes(os.environ, worker))
    watch(config, run.directory, (run.gate_url, os.environ["SANDGATE_GATE_URL"]))
    state = State(run=run, worker=worker, server_errors=[])
    config.stash[STATE] = state
    config.pluginmanager.register(SessionPlugin(config, state), "sandgate-session")


def _load() -> None:
    """Load what pytest will need in any case, in the time that the gate takes to get ready."""
    for module in ("sandgate.pytest_plugin.running", *fixture_modules()):
        import_module(module)


def _say() -> Callable[[str], None]:
    """Tell on standard error what takes longer than a second; quick starts stay silent."""
    began = time.monotonic()

    def say(text: str) -> None:
        if "environment" in text or "installing" in text or time.monotonic() - began > 1:
            sys.stderr.write(f"sandgate: {text}\n")
            sys.stderr.flush()

    return say
