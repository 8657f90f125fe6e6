"""Each invariant of the design is broken on purpose, and the tests that guard it must go red.

`mutations.toml` holds the breaks. One runs in a copy of the checkout, so that nothing else sees it. A collection
error is not red enough: the tests named must run, and fail.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
MUTATIONS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / "meta" / "mutations.toml").read_text())["mutation"]
COPIED = ("src", "tests", "scripts", "docs", "examples", "pyproject.toml", "mkdocs.yml", "README.md", "Makefile")
IGNORED = shutil.ignore_patterns(".sandgate", "node_modules", ".venv")
_PARTS = 4
"""Of a long look at a copy that is not broken, so that no worker is left with it at the end."""


class Copy:
    """A copy of the checkout that may be broken, and the process that runs tests in it.

    It is made of links: a file is replaced and never written to. Bytecode comes along, since files keep their times.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.folder.mkdir()
        self._output = folder / "output"
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.folder / name, ignore=IGNORED, copy_function=_link)
            else:
                _link(source, self.folder / name)
        command = [sys.executable, str(ROOT / "tests" / "meta" / "pytest_server.py")]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._jobs = 0

    def close(self) -> None:
        """End the process."""
        self._server.communicate()

    def run(self, tests: list[str]) -> tuple[int, str]:
        """Exit status and output of the tests, against the package of the copy."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_XDIST", "PYTEST_ADD", "SANDGATE_"))
        }
        environ |= {"PYTHONPATH": str(self.folder / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        temp = self.folder / "temp"
        options = ["-q", "-rfE", "--tb=short", "-p", "no:cacheprovider", "--basetemp", str(temp)]
        job = {
            "folder": str(self.folder),
            "arguments": [*options, *tests],
            "environ": environ,
            "output": str(self._output),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        status = json.loads(self._server.stdout.readline())["status"]
        # A broken checkout may leak on purpose; its files must not turn this session red.
        shutil.rmtree(temp, ignore_errors=True)
        said = self._output.read_text()
        self._output.unlink()
        return status, said

    @contextmanager
    def broken(self, file: str, old: str, new: str) -> Iterator[None]:
        """The copy with one text of one file replaced."""
        path = self.folder / file
        source = path.read_text()
        assert source.count(old) == 1, "it does not fit the source any more"
        path.unlink()
        path.write_text(source.replace(old, new))
        # Bytecode is known by size and time in seconds: each break gets a time of its own.
        self._jobs += 1
        os.utime(path, (self._jobs, self._jobs))
        try:
            yield
        finally:
            path.unlink()
            _link(ROOT / file, path)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """One for all breaks of this worker; each is mended again."""
    made = Copy(tmp_path_factory.mktemp("copy"))
    yield made
    made.close()


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["what"])
def test_a_broken_promise_is_noticed(mutation: dict[str, Any], copy: Copy) -> None:
    with copy.broken(mutation["file"], mutation["old"], mutation["new"]):
        status, output = copy.run(mutation["tests"])
    assert status == pytest.ExitCode.TESTS_FAILED, f"nothing went red:\n{output}"
    summary = output.rpartition("short test summary info")[2]
    red = re.findall(r"^(FAILED|ERROR) (.+?)(?: - |$)", summary, re.MULTILINE)
    assert [name for what, name in red if what == "ERROR"] == [], f"could not run:\n{output}"
    stayed = [test for test in mutation["tests"] if not any(name.startswith(test) for _, name in red)]
    assert stayed == [], f"stayed green:\n{output}"


def test_the_mutations_fit_the_source() -> None:
    wrong = [
        mutation["what"] for mutation in MUTATIONS if (ROOT / mutation["file"]).read_text().count(mutation["old"]) != 1
    ]
    assert wrong == []


def test_every_promise_is_broken_somewhere() -> None:
    assert {mutation["invariant"] for mutation in MUTATIONS} == set(range(1, 8))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_the_copy_is_green_when_nothing_is_broken(copy: Copy, effort: int, part: int) -> None:
    """What a copy could lack, a file or a fixture, it lacks for a whole file of tests: one of each says enough.

    That every one of them is green on what is not broken, this very session shows.
    """
    named = sorted({test for mutation in MUTATIONS for test in mutation["tests"]})
    first = {test.partition("::")[0]: test for test in reversed(named)}
    status, output = copy.run((named if effort > 1 else sorted(first.values()))[part::_PARTS])
    assert status == 0, output
