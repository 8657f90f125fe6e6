"""One real gate with a real emulator for all tests of this folder, per pytest worker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.session import Run, start


@contextlib.contextmanager
def _gate(root: Path, **overrides: object) -> Iterator[Run]:
    run = start(load(cwd=root, environ={}, overrides=overrides), progress=lambda _text: None)
    try:
        yield run
    finally:
        run.stop()


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """A context manager that gives a run of its own: `with make_run(record_params=True) as run`."""

    def make(toml: str = "", **overrides: object) -> Any:
        root = tmp_path_factory.mktemp("project")
        (root / "pyproject.toml").write_text(f"[tool.sandgate]\n{toml}", encoding="utf-8")
        return _gate(root, **overrides)

    return make


@pytest.fixture(scope="session")
def run(make_run: Callable[..., Any]) -> Iterator[Run]:
    """The run that tests share; they use names of their own and need not clean up."""
    with make_run() as shared:
        yield shared


@pytest.fixture(scope="session")
def clients(run: Run) -> Callable[[str], Any]:
    """boto3 clients as the tests' identity."""
    return run.clients()


@pytest.fixture(scope="session")
def upstream_clients(run: Run) -> Callable[[str], Any]:
    """boto3 clients as the deployer."""
    return run.deployer_clients()
