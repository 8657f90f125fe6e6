"""Every module of the package, parsed; a test that takes `module` runs once for each."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def folder(self) -> str:
        """The layer that it belongs to: first folder below the package, or the name of a top-level file."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""

    @property
    def lines(self) -> int:
        """How long the file is."""
        return len(self.path.read_text().splitlines())


@cache
def _modules() -> tuple[Module, ...]:
    # Once, while tests are collected: CPython 3.11 loses count of its depth when parsing meets a collection of garbage.
    found = []
    for path in sorted((SOURCE / "sandgate").rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name=name, path=path, tree=ast.parse(path.read_text(), str(path))))
    return tuple(found)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per module for those that take one."""
    if "module" in metafunc.fixturenames:
        metafunc.parametrize("module", _modules(), ids=lambda module: module.name)


@pytest.fixture(scope="session")
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    return _modules()
