"""The gate that makers work through, and what a test needs to use them."""

from __future__ import annotations

import importlib
import itertools
import json
import pkgutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.contract.makers._model import Maker, World

from sandgate.config.load import load
from sandgate.ledger.book import NAME, read_state
from sandgate.run import Run
from sandgate.session import start

__all__ = ["all_makers", "new_name", "types_gate", "world_of"]

_NUMBERS = itertools.count()


def all_makers() -> dict[str, Maker]:
    """Every maker, by the name of its type."""
    found: dict[str, Maker] = {}
    for info in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not info.name.startswith("_"):
            found |= importlib.import_module(f"tests.contract.makers.{info.name}").MAKERS
    return found


@contextmanager
def types_gate(root: Path) -> Iterator[Run]:
    """A gate for all types; names with the prefix are inside, and so is what makers need beyond that."""
    beyond = sorted({action for maker in all_makers().values() for action in maker.allow})
    allow = f'allow = [{{actions = {json.dumps(beyond)}, resources = ["*"]}}]\n' if beyond else ""
    (root / "pyproject.toml").write_text(f'[tool.sandgate]\nisolation = "prefix"\n{allow}', encoding="utf-8")
    run = start(load(cwd=root, environ={}, overrides={}), progress=lambda _text: None)
    try:
        yield run
    finally:
        run.stop()


@contextmanager
def world_of(run: Run) -> Iterator[World]:
    """What makers work with; what they need around a resource goes at the end."""
    made = World(
        client=run.clients(),
        deployer=run.deployer_clients(),
        region=run.region,
        account=run.account,
        ledger=partial(read_state, run.directory / NAME),
    )
    try:
        yield made
    finally:
        for clean in reversed(made.cleanup):
            clean()


def new_name(maker: Maker) -> str:
    """A name inside the prefix that nothing has yet."""
    sign = "_" if maker.underscore else "-"
    return f"test{sign}t{next(_NUMBERS)}x{time.time_ns() % 10**6}"
