"""Each invariant of the design is broken on purpose, and the tests that guard it must go red.

`mutations.toml` holds the breaks. One runs in a copy of the checkout, so that nothing else sees it. A collection
error is not red enough: the tests named must run, and fail.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MUTATIONS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / "meta" / "mutations.toml").read_text())["mutation"]
COPIED = ("src", "tests", "scripts", "docs", "examples", "pyproject.toml", "mkdocs.yml", "README.md", "Makefile")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the checkout that may be broken."""
    ignored = shutil.ignore_patterns("__pycache__", ".sandgate", "node_modules", ".venv")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def run(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """The tests, against the package of that folder."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_XDIST", "PYTEST_ADD", "SANDGATE_"))
    }
    environ |= {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(folder / "temp"),
        *tests,
    ]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    # A broken checkout may leak on purpose; its files must not turn this session red.
    shutil.rmtree(folder / "temp", ignore_errors=True)
    return done


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["what"])
def test_a_broken_promise_is_noticed(mutation: dict[str, Any], copy: Path) -> None:
    path = copy / mutation["file"]
    source = path.read_text()
    assert source.count(mutation["old"]) == 1, "the mutation does not fit the source any more"
    path.write_text(source.replace(mutation["old"], mutation["new"]))
    for test in mutation["tests"]:
        done = run(copy, [test])
        assert done.returncode == pytest.ExitCode.TESTS_FAILED, f"{test} did not go red:\n{done.stdout}{done.stderr}"
        assert re.search(r"\d+ failed", done.stdout), done.stdout
        assert not re.search(r"\d+ errors?\b", done.stdout), f"{test} could not run:\n{done.stdout}"


def test_the_copy_is_green_when_nothing_is_broken(copy: Path) -> None:
    done = run(copy, ["tests/unit/config", "tests/meta/test_layers.py::test_the_rule_itself"])
    assert done.returncode == 0, done.stdout + done.stderr
