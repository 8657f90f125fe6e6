"""Ctrl-C and its relatives, at many moments: status 130, no traceback, and nothing keeps running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

PYTHON = sys.executable
SLEEP = (
    "import signal, sys, time\n"
    "got = []\n"
    "def on(number, frame):\n"
    "    got.append(number)\n"
    "    with open('got', 'a') as f: f.write(f'{number}\\n')\n"
    "for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):\n"
    "    signal.signal(n, on)\n"
    "open('sleeping', 'w').close()\n"
    "end = time.monotonic() + 300\n"
    "while len(got) < int(sys.argv[1]) and time.monotonic() < end: time.sleep(0.01)\n"
    "time.sleep(0.2)\n"  # one that came twice would come now
    "sys.exit(int(sys.argv[2]))\n"
)


def sleeping(project: Any, *, terminal: bool, signals: int = 1, status: int = 0) -> Any:
    """A run whose command notes the signals that it gets, and ends with `status` after so many of them."""
    path = str(project.write("sleep.py", SLEEP))
    arguments = ("run", "--allow-empty", "--", PYTHON, path, str(signals), str(status))
    started = project.start(*arguments, terminal=terminal)
    started.wait_for((project.folder / "sleeping").exists, "command")
    return started


def got(project: Any) -> list[int]:
    """The signals that the command got."""
    path: Path = project.folder / "got"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def ended_well(said: Any) -> None:
    if "Traceback" in said.err or "Fatal Python error" in said.err:
        assert "sandgate" not in said.err, said.err  # while the interpreter starts, it says what it likes
    else:
        assert said.status in (130, -signal.SIGINT), said  # while we are loaded, a signal is just a signal


@pytest.mark.parametrize("terminal", [False, True], ids=["kill", "terminal"])
@pytest.mark.parametrize("delay", [0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.1])
def test_ctrl_c_at_any_moment(project: Any, delay: float, terminal: bool) -> None:
    started = project.start("run", "--allow-empty", "--", "sleep", "300", terminal=terminal)
    time.sleep(delay)
    started.interrupt()
    ended_well(started.end())


@pytest.mark.parametrize("terminal", [False, True], ids=["kill", "terminal"])
def test_ctrl_c_reaches_the_command_once(project: Any, terminal: bool) -> None:
    started = sleeping(project, terminal=terminal, status=3)
    started.interrupt()
    said = started.end()
    assert (said.status, got(project)) == (130, [signal.SIGINT])
    assert "red because the run was interrupted" in said.err
    assert project.receipt["green"] is False


def test_kill_reaches_the_command_on_a_terminal_too(project: Any) -> None:
    """The terminal sends Ctrl-C to the whole group, `kill` to one process: only that is passed on."""
    started = sleeping(project, terminal=True)
    started.process.send_signal(signal.SIGINT)
    assert (started.end().status, got(project)) == (130, [signal.SIGINT])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_what_asks_to_end_is_passed_on(project: Any, number: int) -> None:
    started = sleeping(project, terminal=False)
    started.process.send_signal(number)
    assert (started.end().status, got(project)) == (130, [number])


def test_user_signals_are_the_commands_own(project: Any) -> None:
    started = sleeping(project, terminal=False, signals=2)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        seen = len(got(project))
        started.process.send_signal(number)
        started.wait_for(lambda seen=seen: len(got(project)) > seen, "signal")
    assert (started.end().status, got(project)) == (0, [signal.SIGUSR1, signal.SIGUSR2])


def test_a_command_that_ignores_it_twice_is_killed(project: Any) -> None:
    started = sleeping(project, terminal=False, signals=99)
    for count in (1, 2):
        started.interrupt()
        started.wait_for(lambda count=count: len(got(project)) >= count, "signal")
    started.interrupt()
    assert started.end().status == 130


def test_the_command_decides_how_it_ends(project: Any) -> None:
    """pytest, for one, tears its fixtures down after the first Ctrl-C, and they still reach the gate."""
    script = (
        "import boto3, signal, time\n"
        "sts = boto3.client('sts')\n"
        "try: open('sleeping', 'w').close(), time.sleep(300)\n"
        "except KeyboardInterrupt: print('torn down as', sts.get_caller_identity()['Arn'])\n"
    )
    started = project.start("run", "--", PYTHON, str(project.write("t.py", script)))
    started.wait_for((project.folder / "sleeping").exists, "command")
    started.interrupt()
    said = started.end()
    assert (said.status, "torn down as arn:aws:iam" in said.out) == (130, True)
    assert project.receipt["reached"] == {"sts": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_gate_starts(project: Any, number: int) -> None:
    started = project.start("run", "--allow-empty", "--", "sleep", "300")
    started.wait_for(lambda: any(project.tmp.glob("sg-*")), "gate")
    started.process.send_signal(number)
    ended_well(started.end())


@pytest.mark.parametrize("presses", [1, 2, 5])
def test_ctrl_c_while_the_run_ends(project: Any, presses: int) -> None:
    """One press lets the end come to its end, more cut it short; nothing stays either way."""
    started = project.start("run", "--allow-empty", "--", "sh", "-c", "touch done", terminal=True)
    started.wait_for((project.folder / "done").exists, "command")
    for _ in range(presses):
        if started.process.poll() is None:
            started.interrupt()
        time.sleep(0.02)
    said = started.end()
    assert "Traceback" not in said.err
    assert said.status in (130, 0), said  # 0 when it was faster than we


def test_a_storm_of_ctrl_c(project: Any) -> None:
    started = project.start("run", "--allow-empty", "--", "sleep", "300", terminal=True)
    while started.process.poll() is None:
        started.interrupt()
        time.sleep(0.05)
    ended_well(started.end())


def test_signals_that_were_ignored_stay_ignored(project: Any) -> None:
    """`nohup sandgate run …` outlives its terminal."""
    loop = "touch sleeping; while [ ! -e go ]; do sleep 0.05; done"
    inner = f"exec {PYTHON} -P -m sandgate run --allow-empty -- sh -c '{loop}'"
    path = project.write("outer.sh", f"trap '' HUP INT\n{inner}\n")
    process = subprocess.Popen(["sh", str(path)], cwd=project.folder, env=project.environ, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (project.folder / "sleeping").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    for number in (signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    (project.folder / "go").touch()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err


def test_ctrl_c_during_the_first_installation(project: Any, tmp_path: Path) -> None:
    """The installer is ended as well, and the next run does not stumble over what it left."""
    cache = tmp_path / "cache"
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        environ = {
            "SANDGATE_CACHE_DIR": str(cache),
            "UV_DEFAULT_INDEX": url,
            "UV_CACHE_DIR": str(tmp_path / "uv"),
            "PIP_INDEX_URL": url,
            "PIP_NO_CACHE_DIR": "1",
            "UV_HTTP_TIMEOUT": "600",  # none of them gives up by itself
            "PIP_DEFAULT_TIMEOUT": "600",
        }
        started = project.start("run", "--allow-empty", "--", "true", environ=environ)
        started.wait_for(lambda: any(cache.glob(".*/bin/python")), "installer")
        time.sleep(0.3)
        started.interrupt()
        ended_well(started.end())
    said = project.sandgate("run", "--allow-empty", "--", "true", environ={**environ, "UV_HTTP_RETRIES": "0"})
    assert said.status == 4
    assert [path.name for path in cache.iterdir() if path.is_dir()] == []


def test_the_front_end_is_killed(project: Any, call: list[str]) -> None:
    """Its gate notices, and ends with everything that belongs to it; the log says so."""
    started = project.start("run", "--", "sh", "-c", "echo $$ > pid; mv pid child; exec sleep 300")
    started.wait_for((project.folder / "child").exists, "command")
    started.process.kill()
    os.kill(int((project.folder / "child").read_text()), signal.SIGKILL)  # it is the user's own: nobody else ends it
    started.end()
    deadline = time.monotonic() + 120
    while "abandoned" not in (project.last / "events.jsonl").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert '"event":"abandoned"' in (project.last / "events.jsonl").read_text()
