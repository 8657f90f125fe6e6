"""Programs that build: what they see, what they may leave running, and that they end in time."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandgate.errors import EnvironmentFault
from sandgate.stories.programs import run_program

WAITS = "sleep 600 & echo $! > pid.new; mv pid.new pid; echo as far as this; wait"
"""Starts a child, writes its number down, and waits for it."""


def _run(script: str, folder: Path, limit: float = 3600.0) -> str:
    line = ("/bin/sh", "-ec", script)
    return run_program(line, what="build it", hint="mend it", folder=folder, limit=limit, more_time="`patience`")


def _until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _gone(pid: int) -> bool:
    """Whether it is dead, a zombie that nobody fetches included."""
    told = subprocess.run(("ps", "-o", "stat=", "-p", str(pid)), capture_output=True, text=True, check=False).stdout
    return told.strip()[:1] in {"", "Z"}


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    for limit in (1.0, 8.0, 64.0):  # a busy machine may not get as far as the child
        with pytest.raises(EnvironmentFault) as caught:
            _run(WAITS, tmp_path, limit=limit)
        if (tmp_path / "pid").exists():
            break
    child = int((tmp_path / "pid").read_text())
    _until(lambda: _gone(child))
    assert caught.value.message == f"cannot build it: it was ended after {limit:g} s; sh said:\n    as far as this"
    assert caught.value.hint == "see what it waits for; `patience` gives it more time"


def test_an_interruption_ends_it_with_all_that_it_started(tmp_path: Path) -> None:
    def interrupt() -> None:
        _until((tmp_path / "pid").exists)
        os.kill(os.getpid(), signal.SIGINT)

    waiting = threading.Thread(target=interrupt)
    waiting.start()
    with pytest.raises(KeyboardInterrupt):
        _run(WAITS, tmp_path)
    waiting.join()
    _until(lambda: _gone(int((tmp_path / "pid").read_text())))


def test_what_it_leaves_running_holds_nobody_up(tmp_path: Path) -> None:
    child = int(_run("sleep 600 & echo $!", tmp_path))
    assert not _gone(child)
    os.kill(child, signal.SIGKILL)


def test_its_last_words_are_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"cannot build it; sh said:\n    no such part\n"):
        _run("echo begun; echo no such part >&2; exit 3", tmp_path)
    with pytest.raises(EnvironmentFault, match=r"cannot build it: it was ended after 0\.1 s\n") as caught:
        run_program(("sleep", "600"), what="build it", limit=0.1)
    assert caught.value.hint == "see what it waits for"
    with pytest.raises(EnvironmentFault, match="No such file or directory"):
        run_program((str(tmp_path / "nothing"),), what="build it")
    assert _run("printf 'a\\377b'", tmp_path) == "a\N{REPLACEMENT CHARACTER}b"
