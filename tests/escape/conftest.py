"""Attacks and their twins as parameters, and the gates that they are sent to."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.session import cache_directory
from sandgate.wire.models import Models


@cache
def _load(name: str) -> Any:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"escape_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def _campaign() -> Any:
    return _load("families").load_families()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each attack, and one for each twin."""
    cases, attacks = _campaign()
    if "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", attacks, ids=[attack.name for attack in attacks])
    if "twin" in metafunc.fixturenames:
        metafunc.parametrize("twin", cases, ids=[case.name for case in cases])


@pytest.fixture(scope="session")
def campaign() -> Any:
    """Every case, and every attack."""
    return _campaign()


@pytest.fixture(scope="session")
def families() -> Any:
    """`families.py` of this folder."""
    return _load("families")


@pytest.fixture(scope="session")
def gate_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """`gate_of("run")`: the gate of a configuration, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("escape")
    gates = _load("gates")
    stacks = _load("families").load_stacks()
    models = Models.load(cache_directory(load(cwd=folder, environ={}, overrides={})))
    made: dict[str, Any] = {}

    def gate(variant: str) -> Any:
        if variant not in made:
            made[variant] = gates.Gate(folder, models, variant, stacks)
            _make(made[variant])
        return made[variant]

    yield gate
    for one in made.values():
        one.close()


def _make(gate: Any) -> None:
    """What this run has under ids that AWS chose, learnt from the answers to creates."""
    for entry in _load("families").load_stacks()["made"]:
        service, _, operation = entry["call"].partition(".")
        if gate.config.services and service not in gate.config.services:
            continue
        named = {name: gate.named(value) for name, value in entry.get("params", {}).items()}
        answer = gate.call(service, operation, named, answer=entry["answer"])
        assert answer.status == 200, (entry, answer)


@pytest.fixture(scope="session")
def perform(gate_of: Callable[[str], Any]) -> Callable[..., Any]:
    """What becomes of a case with a value in its hole."""

    def run(case: Any, value: Any, protocol: str = "") -> Any:
        gate = gate_of(case.gate)
        filled = case.filled(value)
        if case.http:
            return gate.http(gate.raw(**filled), protocol or case.protocol)
        service, _, operation = case.call.partition(".")
        return gate.call(service, operation, filled, kind=case.by)

    return run
