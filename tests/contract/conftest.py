"""Worlds for the rules: projects with a gate and the real wall in this process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.guard.rules import RULES
from sandgate.session import cache_directory
from sandgate.wire.models import Models

HERE = Path(__file__).resolve().parent


@cache
def _load(path: Path) -> Any:
    """A module of a folder that is no package."""
    spec = importlib.util.spec_from_file_location(f"contract_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each refused call."""
    if "judged" in metafunc.fixturenames:
        of_policy = set(RULES) - {"stack-template"}
        judged = [case for case in _load(HERE / "refused.py").load_cases() if case.rule in of_policy]
        metafunc.parametrize("judged", judged, ids=[f"{case.title}-{number}" for number, case in enumerate(judged)])
    if "case" in metafunc.fixturenames:
        cases = _load(HERE / "refused.py").load_cases()
        metafunc.parametrize("case", cases, ids=[f"{case.title}-{number}" for number, case in enumerate(cases)])


@pytest.fixture(scope="session")
def cases() -> Any:
    """Every refused call."""
    return _load(HERE / "refused.py").load_cases()


@pytest.fixture(scope="session")
def obeyed() -> Callable[..., Any]:
    """`obeyed(world, case, remedy)`: the call once the remedy was taken at its word."""
    made: Callable[..., Any] = _load(HERE / "refused.py").obeyed
    return made


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Every service model."""
    return Models.load(cache_directory(load(cwd=tmp_path_factory.mktemp("none"), environ={}, overrides={})))


@pytest.fixture
def world(tmp_path: Path, models: Models) -> Iterator[Any]:
    """A project; its runs end with the test."""
    gates = _load(HERE.parent / "escape" / "gates.py")
    gates.VARIANTS = {"written": {}, "shared": {}}
    made = _load(HERE / "refused.py").World(tmp_path, gates, models)
    yield made
    made.close()
