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
    """A copy of the checkout that may be broken: of links, so that a file must be replaced and never written to."""
    ignored = shutil.ignore_patterns("__pycache__", ".sandgate", "node_modules", ".venv")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=ignored, copy_function=_link)
        else:
            _link(source, tmp_path / name)
    return tmp_path


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy(source, target)


def run(folder: Path, tests: list[str]) -> subprocess.CompletedProcess[str]:
    """The tests, against the package of that folder."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_XDIST", "PYTEST_ADD"))}
    for name in [name for name in environ if name.startswith("SANDGATE_")]:
        del environ[name]
    environ |= {
        "PYTHONPATH": str(folder / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=short", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--basetemp", str(folder / "temp"), *tests],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    # A broken checkout may leak on purpose; its files must not turn this session red.
    shutil.rmtree(folder / "temp", ignore_errors=True)
    return done


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["what"])
def test_a_broken_promise_is_noticed(mutation: dict[str, Any], copy: Path) -> None:
    path = copy / mutation["file"]
    source = path.read_text()
    assert source.count(mutation["old"]) == 1, "it does not fit the source any more"
    path.unlink()
    path.write_text(source.replace(mutation["old"], mutation["new"]))
    done = run(copy, mutation["tests"])
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, f"nothing went red:\n{done.stdout}{done.stderr}"
    summary = done.stdout.rpartition("short test summary info")[2]
    red = re.findall(r"^(FAILED|ERROR) (.+?)(?: - |$)", summary, re.MULTILINE)
    assert [name for what, name in red if what == "ERROR"] == [], f"could not run:\n{done.stdout}"
    stayed = [test for test in mutation["tests"] if not any(name.startswith(test) for _, name in red)]
    assert stayed == [], f"stayed green:\n{done.stdout}"


def test_the_mutations_fit_the_source() -> None:
    wrong = [
        mutation["what"] for mutation in MUTATIONS if (ROOT / mutation["file"]).read_text().count(mutation["old"]) != 1
    ]
    assert wrong == []


def test_every_promise_is_broken_somewhere() -> None:
    assert {mutation["invariant"] for mutation in MUTATIONS} == set(range(1, 8))


@pytest.mark.slow
def test_the_copy_is_green_when_nothing_is_broken(copy: Path) -> None:
    done = run(copy, sorted({test for mutation in MUTATIONS for test in mutation["tests"]}))
    assert done.returncode == 0, done.stdout + done.stderr
