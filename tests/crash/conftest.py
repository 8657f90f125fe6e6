"""A front end in a process of its own, so that it can be killed, and eyes for what is left after it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.crash.campaign import places, rounds

_SCRIPT = """
import json, sys
from pathlib import Path
from sandgate.config.load import load
from sandgate.session import start
root = Path(sys.argv[1])
print("starting", flush=True)
run = start(load(cwd=root, environ={}, overrides=json.loads(sys.argv[2])), progress=lambda text: None)
keys = {kind: run.boto_session(kind).get_credentials() for kind in ("identity", "deployer")}
pairs = {kind: (key.access_key, key.secret_key) for kind, key in keys.items()}
print(json.dumps({"directory": str(run.directory), "url": run.gate_url, "region": run.region, **pairs}), flush=True)
sys.stdin.read()
run.stop()
"""


@dataclass
class Front:
    """A front end and the run that it started."""

    process: subprocess.Popen[str]
    directory: Path
    facts: dict[str, Any]

    @property
    def described(self) -> dict[str, Any]:
        """run.json."""
        return dict(json.loads((self.directory / "run.json").read_text(encoding="utf-8")))

    def client(self, service: str, kind: str = "identity") -> Any:
        """A boto3 client that does not retry."""
        return boto3.client(
            service,
            endpoint_url=self.facts["url"],
            region_name=self.facts["region"],
            aws_access_key_id=self.facts[kind][0],
            aws_secret_access_key=self.facts[kind][1],
            aws_session_token="",
            config=Config(retries={"max_attempts": 0}, read_timeout=30),
        )

    def events(self) -> list[dict[str, Any]]:
        """The event log."""
        text = (self.directory / "events.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Callable[..., Front]]:
    """`front()` starts a front end; whatever a test leaves is killed."""
    made: list[subprocess.Popen[str]] = []
    gates: list[int] = []
    # A run takes away what killed gates have left in the folder for such files: none of other tests here.
    folder = tempfile.mkdtemp(prefix="crash-")

    def start(toml: str = "", **overrides: object) -> Front:
        (tmp_path / "pyproject.toml").write_text(f'[tool.sandgate]\nisolation = "prefix"\n{toml}', encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, str(tmp_path), json.dumps(overrides)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": folder},
        )
        made.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "starting\n"
        facts = json.loads(process.stdout.readline())
        found = Front(process, Path(facts["directory"]), facts)
        gates.append(int(found.described["pid"]))
        return found

    yield start
    for process in made:
        process.kill()
        process.communicate()
    for pid in gates:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _until(what: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody reaps does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip()) and not found.stdout.strip().startswith("Z")


def _group(pid: int) -> list[int]:
    """The living processes of a process group."""
    found = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
    rows = (line.split(maxsplit=2) for line in found.stdout.splitlines())
    return [int(row[0]) for row in rows if int(row[1]) == pid and not row[2].startswith("Z")]


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    return [int(row[0]) for row in (line.split() for line in found.stdout.splitlines()) if int(row[1]) == pid]


@pytest.fixture
def until() -> Callable[..., None]:
    """Poll until something is true, or fail."""
    return _until


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process runs."""
    return _alive


@pytest.fixture
def group() -> Callable[[int], list[int]]:
    """The living processes of a process group."""
    return _group


@pytest.fixture
def children() -> Callable[[int], list[int]]:
    """The children of a process."""
    return _children


@dataclass
class Stage:
    """An emulator in which others have something too."""

    root: Path
    upstream: places.Emulator
    living: rounds.Round
    dead: rounds.Round
    before: places.Snapshot


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything three times: somebody else's, a living run's, and one's that died and was not swept."""
    folder = tmp_path_factory.mktemp("crash")
    with places.emulator(folder) as upstream:
        root = folder / "project"
        places.make_project(root, upstream)
        upstream.plant()
        dead, living = rounds.start(root, 1, last="hold"), rounds.start(root, 2, last="hold")
        for run in (dead, living):
            places.until((run.directory / "holding").exists)
        for whom in ("front", "gate", "tests"):
            dead.kill(whom)
        dead.end()
        yield Stage(root, upstream, living, dead, upstream.look())
        living.kill("front")
        living.end()
