"""One round: a run that makes things, kills at random moments, and a sweep to the end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.campaign.places import HERE, until
from tests.crash.campaign.recipes import RECIPES

from sandgate.core.log import read_log
from sandgate.ledger.book import NAME, is_held, read_state

__all__ = [
    "PLANS",
    "Round",
    "Swept",
    "ended",
    "kill_sweeper",
    "made_by",
    "play",
    "start",
    "sweep",
    "sweeper",
    "wait_dead",
]

PLANS = (
    ("tests",),
    ("gate",),
    ("front",),
    ("tests", "gate"),
    ("gate", "tests"),
    ("front", "gate"),
    ("gate", "sweeper"),
    ("front", "sweeper"),
    ("front", "gate of the sweeper"),
    ("gate", "sweeper", "gate of the sweeper"),
)
"""Who is killed, one after the other."""
_LONGEST = 2.0
"""Seconds until the first kill at the latest: a little more than everything takes."""
_BETWEEN = 0.15


@dataclass
class Round:
    """`sandgate run`, its gate and its tests."""

    front: subprocess.Popen[bytes]
    directory: Path
    said: Path

    @property
    def ledger(self) -> Path:
        """Its ledger."""
        return self.directory / NAME

    def kill(self, whom: str) -> None:
        """Kill one of them, if it still is."""
        if whom == "front":
            self.front.kill()
        elif whom == "tests":
            _kill(_number(self.directory / "worker.pid"), group=True)
        else:
            _kill(_gate(self.directory))

    def end(self) -> None:
        """Wait for the end of what still lives; tests without a gate have nothing more to do."""
        if self.front.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.front.wait(180)
        self.kill("tests")
        if self.front.stdin is not None:
            self.front.stdin.close()
        assert self.front.poll() is not None, f"it goes on: {self.said.read_text(encoding='utf-8')}"
        wait_dead(self.directory)


@dataclass(frozen=True)
class Swept:
    """What a sweep said."""

    status: int
    answer: Mapping[str, Any]
    said: str


def _kill(pid: int, *, group: bool = False) -> None:
    if pid:
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(pid, signal.SIGKILL)


def _number(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return int(path.read_text(encoding="ascii") or "0")
    return 0


def _gate(directory: Path) -> int:
    """Process number of the gate; 0 when there is none."""
    try:
        found = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0
    return int(found["pid"]) if is_held(directory / NAME) else 0


def wait_dead(directory: Path) -> None:
    """Wait until nobody writes the ledger: a gate without a front end finishes what is in flight, and goes."""
    until(lambda: not is_held(directory / NAME))


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDGATE_"))}


def start(root: Path, seed: int, *, last: str = "end", recipes: Sequence[str] = tuple(RECIPES)) -> Round:
    """Start a run in which three processes make things, and wait until the first is on its way."""
    runs = root / ".sandgate" / "runs"
    before = set(runs.glob("*"))
    said = root / f"front-{seed}.log"
    with said.open("wb") as output:
        front = subprocess.Popen(
            [sys.executable, "-m", "sandgate", "run", "--", sys.executable, str(HERE / "worker.py"), str(seed), "3",
             last, *recipes],
            cwd=root, env=_environ(), stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    until(lambda: _begun(set(runs.glob("*")) - before) or front.poll() is not None)
    (directory,) = set(runs.glob("*")) - before
    return Round(front, directory, said)


def _begun(fresh: set[Path]) -> bool:
    return any(b'"intent"' in (one / NAME).read_bytes() for one in fresh if (one / NAME).exists())


def sweeper(root: Path, run: str) -> subprocess.Popen[str]:
    """A sweep of a dead run, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(HERE / "sweep.py"), str(root), run],
        cwd=root, env=_environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def sweep(root: Path, run: str) -> Swept:
    """Sweep a dead run to the end."""
    return ended(sweeper(root, run))


def ended(process: subprocess.Popen[str]) -> Swept:
    """Wait for a sweep."""
    out, said = process.communicate(timeout=300)
    lines = [line for line in out.splitlines() if line.startswith("{")]
    return Swept(process.returncode, json.loads(lines[-1]) if lines else {}, said)


def kill_sweeper(root: Path, directory: Path, whom: str, after: float) -> None:
    """Start a sweep, and kill it, or its gate, in the middle."""
    process = sweeper(root, directory.name)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    if whom == "sweeper":
        process.kill()
    else:
        _kill(_gate(directory))
    process.communicate(timeout=300)
    wait_dead(directory)


def play(root: Path, seed: int) -> tuple[Round, str]:
    """Make, kill, and sweep to the end.

    Returns:
        The run, and what happened, for whoever must find out why it failed.
    """
    chance = random.Random(seed)
    plan = chance.choice(PLANS)
    told = [f"seed {seed}"]
    run = start(root, seed)
    pause = chance.uniform(0, _LONGEST)
    for whom in plan:
        told.append(f"{whom} after {pause:.3f} s")
        if "sweeper" in whom:
            run.end()
            kill_sweeper(root, run.directory, whom, pause)
        else:
            time.sleep(pause)
            run.kill(whom)
        pause = chance.uniform(0, _BETWEEN)
    run.end()
    story = ", ".join([*told, run.directory.name])
    assert run.front.returncode != 0, f"{story}: green"
    if read_state(run.ledger).alive:  # else the run's own sweep came to its end
        swept = sweep(root, run.directory.name)
        assert swept.status == 0, f"{story}: {swept}"
    return run, story


def made_by(directory: Path) -> list[str]:
    """Types of what a run made, one for each."""
    types: dict[str, list[str]] = {}
    found = []
    for line in read_log(directory / NAME):
        kind = line.get("ledger")
        if kind in {"intent", "adopted"}:
            types.setdefault(str(line["id"]), []).append(str(line["type"]))
        elif kind == "made":
            found += types.pop(str(line["id"]), [])
    return found
