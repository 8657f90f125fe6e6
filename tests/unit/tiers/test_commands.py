"""Start and stop commands: what runs when, and that nothing of them stays."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandgate.errors import EnvironmentFault
from sandgate.tiers._commands import Commands

ENVIRON = {"PATH": os.environ["PATH"], "GREETING": "hello"}

GATE = """
import asyncio
from pathlib import Path
from sandgate.tiers._commands import Commands

async def body():
    here = Path.cwd()
    await Commands.run("touch started", "touch stopped", cwd=here, environ={}, log=here / "log")
    await asyncio.sleep(300)

asyncio.run(body())
"""


def run(folder: Path, start: str, stop: str, use: Callable[[Commands], Awaitable[None]]) -> str:
    """Run both commands around `use`; the log."""

    async def body() -> None:
        commands = await Commands.run(
            start, stop, cwd=folder, environ=ENVIRON, log=folder / "log", secrets=["s3cret", ""]
        )
        try:
            await use(commands)
        finally:
            await commands.close()

    asyncio.run(body())
    return (folder / "log").read_text()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(90):
        while not condition():  # noqa: ASYNC110 - files have no events
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and was not fetched by its parent does not."""
    state = Path(f"/proc/{pid}/stat")
    if state.parent.parent.joinpath("self").exists():
        return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_output_of_both_is_logged_without_secrets(tmp_path: Path) -> None:
    async def ended(commands: Commands) -> None:
        await until(lambda: commands.ended is not None)
        assert commands.ended == 4

    log = run(tmp_path, "echo $GREETING s3cret; exit 4", "echo bye s3cret >&2; pwd", ended)
    assert log.splitlines() == [
        "$ echo $GREETING s3cret; exit 4".replace("s3cret", "***"),
        "hello ***",
        "$ echo bye s3cret >&2; pwd".replace("s3cret", "***"),
        "bye ***",
        str(tmp_path),
    ]


@pytest.mark.parametrize(
    "start",
    ["echo $$ > pid; exec sleep 300", "sleep 300 & echo $! > pid; exit 0", "trap '' TERM; echo $$ > pid; sleep 300"],
    ids=["in the foreground", "in the background", "deaf to TERM"],
)
def test_nothing_that_was_started_stays(start: str, tmp_path: Path) -> None:
    async def started(commands: Commands) -> None:
        await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        assert commands.ended in (None, 0)

    run(tmp_path, start, "touch stopped", started)
    assert (tmp_path / "stopped").exists()
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 90
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def test_the_stop_command_sees_what_was_started(tmp_path: Path) -> None:
    async def started(_commands: Commands) -> None:
        await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())

    run(tmp_path, "echo $$ > pid; exec sleep 300", "kill -0 $(cat pid) && touch was-alive", started)
    assert (tmp_path / "was-alive").exists()


def test_a_stop_command_that_fails_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def nothing(_commands: Commands) -> None:
        return

    run(tmp_path, "true", "exit 9", nothing)
    assert "the stop command 'exit 9' ended with status 9" in caplog.text


def test_the_stop_command_runs_when_the_gate_is_killed(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", GATE], cwd=tmp_path)
    deadline = time.monotonic() + 90
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not (tmp_path / "stopped").exists()
    child.kill()
    child.wait()
    while not (tmp_path / "stopped").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (tmp_path / "stopped").exists()


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    async def body() -> None:
        await Commands.run("true", "", cwd=tmp_path / "gone", environ=ENVIRON, log=tmp_path / "log")

    with pytest.raises(EnvironmentFault, match="cannot run the start command"):
        asyncio.run(body())
