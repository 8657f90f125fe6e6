"""Commands that prepare the tests: in the right place, without AWS, and whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.errors import EnvironmentFault
from sandgate.preparing import prepare


def prepared(folder: Path, commands: str, environ: dict[str, str]) -> list[str]:
    """Run a configuration's commands, and give what was told."""
    (folder / "sandgate.toml").write_text(f"[setup]\ncommands = {commands}\n")
    (folder / ".env.emulated").write_text("OF_THE_FILE=x\n")
    told: list[str] = []
    prepare(load(cwd=folder, environ={}, overrides={}), environ, told.append)
    return told


def test_they_run_one_after_the_other_with_the_users_own_way_out(tmp_path: Path, canaries: dict[str, str]) -> None:
    environ = {
        **canaries,
        "PATH": "/usr/bin:/bin",
        "HTTPS_PROXY": "http://p:1",
        "OF_THE_FILE": "x",
        "SANDGATE_TIER": "x",
    }
    told = prepared(tmp_path, '["env > seen", "pwd >> seen && echo done > last"]', environ)
    assert told == ["set-up: env > seen", "set-up: pwd >> seen && echo done > last"]
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen[-1] == str(tmp_path)
    names = {line.partition("=")[0] for line in seen[:-1]}
    assert {"PATH", "HTTPS_PROXY"} <= names
    assert not {name for name in names if name.startswith(("AWS_", "GITHUB_", "SANDGATE_", "OF_THE"))}
    assert (tmp_path / "last").exists()


@pytest.mark.parametrize(("line", "ended"), [("exit 7", "status 7"), ("kill -9 $$", "by a signal"), ("nowhere", "127")])
def test_one_that_fails_ends_the_run(tmp_path: Path, line: str, ended: str) -> None:
    with pytest.raises(EnvironmentFault, match=ended) as caught:
        prepared(tmp_path, f'["{line}", "touch more"]', {"PATH": "/usr/bin:/bin"})
    assert "sandgate.toml" in caught.value.where
    assert not (tmp_path / "more").exists()


def test_nothing_of_one_outlives_an_interruption(tmp_path: Path) -> None:
    life = tmp_path / "life"
    os.mkfifo(life)
    ended = threading.Event()

    def interrupt() -> None:
        with life.open("rb") as writers:
            writers.readline()  # there is a grandchild now
            os.kill(os.getpid(), signal.SIGINT)
            writers.read()  # until nobody holds the other end
        ended.set()

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path, '["(echo up; exec sleep 90) > life; true"]', {"PATH": "/usr/bin:/bin"})
    assert ended.wait(20)


def test_nothing_outlives_an_interruption_that_comes_as_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path, '["sleep 90"]', {"PATH": "/usr/bin:/bin"})
    (process,) = started
    try:
        assert process.returncode in (-signal.SIGTERM, -signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
