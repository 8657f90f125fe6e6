"""Projects of users, in folders of their own, on which a pytest of its own runs through a real gate and emulator."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from tests.quick import QUICK

from sandgate.core.log import read_log

CALLS = """
    import boto3

    def test_calls():
        assert boto3.client("sts").get_caller_identity()["Account"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str
    run: Path | None
    """The folder of the run, if there was one."""

    @property
    def receipt(self) -> Mapping[str, Any]:
        assert self.run, self.out + self.err
        data: Mapping[str, Any] = json.loads((self.run / "receipt.json").read_text())
        return data

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        assert self.run, self.out + self.err
        return [event for event in read_log(self.run / "events.jsonl") if event.get("event") == kind]


class Project:
    """A user's project."""

    def __init__(self, root: Path, cache: str) -> None:
        self.root = root
        self._cache = cache
        self.patience = 120.0
        """Seconds that a command may take."""

    def write(self, files: Mapping[str, str]) -> Project:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def environ(self, **more: str) -> dict[str, str]:
        """Ours with the canaries in it, without what this pytest and its plugins put there."""
        ours = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "SANDGATE_", "COV_CORE"))}
        return {**ours, **QUICK, "SANDGATE_CACHE_DIR": self._cache, "PYTHONDONTWRITEBYTECODE": "1", **more}

    def start(self, *command: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environ(**environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **environ: str) -> Done:
        before = self.runs()
        with self.start(*command, **environ) as process:
            out, err = process.communicate(timeout=self.patience)
        made = sorted(self.runs() - before)
        return Done(status=process.returncode, out=out, err=err, run=made[-1] if made else None)

    def runs(self) -> set[Path]:
        return set((self.root / ".sandgate" / "runs").glob("*"))

    def pytest(self, *arguments: str, **environ: str) -> Done:
        return self.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, **environ)

    def sandgate(self, *arguments: str, **environ: str) -> Done:
        return self.run(sys.executable, "-m", "sandgate", *arguments, **environ)


@pytest.fixture(scope="session")
def cache() -> str:
    """The cache of this machine's user, so that the emulator's environment is made once."""
    return os.environ.get("SANDGATE_CACHE_DIR") or platformdirs.user_cache_dir("sandgate")


@pytest.fixture
def project(tmp_path: Path, cache: str) -> Project:
    """A project that is not configured for sandgate."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return Project(tmp_path, cache)


@pytest.fixture(scope="module")
def new_project(tmp_path_factory: pytest.TempPathFactory, cache: str) -> Callable[[], Project]:
    """Makes projects for fixtures whose runs several tests look at."""

    def make() -> Project:
        root = tmp_path_factory.mktemp("project")
        (root / "pytest.ini").write_text("[pytest]\n")
        return Project(root, cache)

    return make


@pytest.fixture
def calls() -> str:
    """A test file with one test that makes one call."""
    return CALLS


@pytest.fixture
def nothing_left(project: Project) -> Iterator[Callable[[], None]]:
    """Check that no process of the project's runs is there any more."""

    def check() -> None:
        deadline = time.monotonic() + 90
        while (left := _of(project)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == []

    yield check
    check()


def _of(project: Project) -> list[int]:
    """Processes that hold a file of the project's runs open: gates write their log, emulators theirs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd"):
        names = []
        with contextlib.suppress(OSError):  # the process has ended
            for entry in folder.iterdir():
                with contextlib.suppress(OSError):  # it has closed that file meanwhile, and may hold others
                    names.append(os.readlink(entry))  # noqa: PTH115
        if any(name.startswith(f"{project.root}/.sandgate/") for name in names):
            found.append(int(folder.parent.name))
    return found
