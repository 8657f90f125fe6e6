"""Runs and sweeps in the test's own process, where many of them are needed and nobody has to be killed but a gate."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.crash.campaign.places import until
from tests.crash.campaign.recipes import RECIPES

from sandgate import sweeping
from sandgate.config.load import load
from sandgate.ledger.book import NAME, is_held
from sandgate.past import Past, past_runs
from sandgate.session import start
from sandgate.sweep.work import Swept

__all__ = ["dead_run", "past_of", "swept"]


def dead_run(root: Path, recipes: Sequence[str]) -> Path:
    """Make things and kill the gate.

    Returns:
        The run's directory.
    """
    run = start(load(cwd=root, environ={}, overrides={}), progress=lambda _text: None)
    tests, stacks = run.clients(), run.deployer_clients()
    for recipe in recipes:
        name = f"test-{run.namespace}-{recipe.replace('_', '-')}"
        RECIPES[recipe](lambda service: (stacks if service == "cloudformation" else tests)(service), name)
    run.mark()  # what was answered is written by then
    os.kill(json.loads((run.directory / "run.json").read_text(encoding="utf-8"))["pid"], signal.SIGKILL)
    run.kill()
    until(lambda: not is_held(run.directory / NAME))
    return run.directory


def past_of(directory: Path) -> Past:
    """A run as a sweep sees it."""
    (found,) = [past for past in past_runs(directory.parents[2]) if past.id == directory.name]
    return found


def swept(directory: Path) -> Swept:
    """Sweep it, as nobody else does at the time."""
    with sweeping.opened(past_of(directory), progress=lambda _text: None) as run:
        return sweeping.sweep(run)
