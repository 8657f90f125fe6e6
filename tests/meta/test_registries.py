"""Every registry keeps its contract: cases are found, of the right type, and say what they are.

A registry is found like its cases are: a package with a `_model.py` whose class `X` is exported as `X` in capitals.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from sandgate.core.registry import discover

SOURCE = Path(__file__).resolve().parents[2] / "src"


def registries() -> dict[str, type]:
    """Package of cases to the type of its cases."""
    found: dict[str, type] = {}
    for path in sorted(SOURCE.rglob("_model.py")):
        model = importlib.import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts))
        kinds = {kind.__name__.upper(): kind for _, kind in inspect.getmembers(model, inspect.isclass)}
        for case in sorted(path.parent.rglob("[a-z]*.py")):
            for name in re.findall(r"^([A-Z]+)\b.* = ", case.read_text(), re.MULTILINE):
                if name in kinds:
                    found[".".join(case.parent.relative_to(SOURCE).parts)] = kinds[name]
    return found


REGISTRIES = registries()


def test_registries_are_found() -> None:
    assert {"sandgate.cli.commands", "sandgate.tiers"} <= set(REGISTRIES)


@pytest.mark.parametrize("package", REGISTRIES)
def test_every_case_is_what_its_file_says(package: str) -> None:
    kind: Any = REGISTRIES[package]
    cases = discover(package, kind.__name__.upper(), kind)
    files = {path.stem for path in (SOURCE / package.replace(".", "/")).glob("[a-z]*.py")}
    assert {re.sub(r"[-.]", "_", name) for name in cases} == files


@pytest.mark.parametrize("package", REGISTRIES)
def test_cases_are_frozen_data(package: str) -> None:
    kind: Any = REGISTRIES[package]
    assert kind.__dataclass_params__.frozen
