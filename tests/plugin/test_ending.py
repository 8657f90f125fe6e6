"""However pytest ends, nothing keeps running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port

SLEEPS = """
    import boto3, pathlib, time

    def test_it(aws, namespace):
        aws.client("sts").get_caller_identity()
        pathlib.Path("sleeping").touch()
        time.sleep(600)
"""


@pytest.fixture
def sleeping(project: Any) -> Callable[..., subprocess.Popen[str]]:
    """A pytest in the midst of a test."""
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": SLEEPS})

    def start(*arguments: str) -> subprocess.Popen[str]:
        process: subprocess.Popen[str] = project.start(
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments
        )
        deadline = time.monotonic() + 120
        while not (project.root / "sleeping").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    return start


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]], ids=["alone", "with a worker"])
def test_ctrl_c(sleeping: Any, project: Any, nothing_left: Callable[[], None], arguments: list[str]) -> None:
    process = sleeping(*arguments)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: pytest and its workers, and nobody else
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2, out + err
    assert "red because the run was interrupted" in out
    (run,) = project.runs()
    assert json.loads((run / "receipt.json").read_text())["status"] == 130
    nothing_left()


def test_sigkill(sleeping: Any, project: Any, nothing_left: Callable[[], None]) -> None:
    process = sleeping()
    process.kill()
    process.communicate()
    nothing_left()
    (run,) = project.runs()
    assert (run / "run.ended.json").exists()
    assert '"event":"abandoned"' in (run / "events.jsonl").read_text()


def test_ctrl_c_while_the_gate_starts(project: Any, nothing_left: Callable[[], None]) -> None:
    """It starts for as long as an emulator does not come to listen."""
    toml = '[tool.sandgate]\ntier = "endpoints"\n[tool.sandgate.endpoints.sqs]\n'
    toml += f'url = "http://127.0.0.1:{free_port()}"\nstart = "touch starting; exec sleep 600"\n'
    project.write({"pyproject.toml": toml, "test_it.py": SLEEPS})
    process = project.start(sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    deadline = time.monotonic() + 120
    while not (project.root / "starting").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    # CPython ends by the signal itself where that had struck in an `exec` of text, as in dataclasses; a shell says 130.
    assert process.returncode in (130, -signal.SIGINT), out + err
    # What the gate tells of its progress may still be on its way.
    told = err.removeprefix("sandgate: starting the emulator of sqs\n")
    assert told == "ERROR: interrupted while the gate started\n"
    nothing_left()


def test_without_a_terminal_reporter_there_is_a_verdict_too(project: Any, calls: str) -> None:
    skips = "import pytest\n\ndef test(): pytest.skip('why')\n"
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": calls, "test_skips.py": skips})
    done = project.pytest("-p", "no:terminal", "--on-skip", "fail")
    assert (done.status, done.out, done.err) == (7, "", "")
    assert done.receipt["reasons"] == ["1 test was skipped"]


def test_a_wrong_command_line_ends_the_gate(project: Any, nothing_left: Callable[[], None], calls: str) -> None:
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": calls})
    done = project.pytest("--no-such-option")
    assert done.status == 4
    assert "unrecognized arguments: --no-such-option" in done.err
    nothing_left()


@pytest.mark.parametrize(
    ("conftest", "status"),
    [
        ("import nothing_of_that_name\n", 4),
        ("import pytest\ndef pytest_sessionstart(): raise pytest.UsageError('set this first')\n", 4),
        ("import pytest\ndef pytest_sessionfinish(): raise ValueError\n", 1),
    ],
    ids=["that cannot be imported", "that refuses", "that breaks at the end"],
)
def test_a_conftest(project: Any, nothing_left: Callable[[], None], calls: str, conftest: str, status: int) -> None:
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": calls, "conftest.py": conftest})
    assert project.pytest().status == status
    nothing_left()


@pytest.mark.parametrize(
    ("breaks", "status", "said"),
    [
        ("KeyboardInterrupt", 130, "ended at once, without a receipt"),  # a second Ctrl-C finds the other plugin
        ("ValueError", 1, "red because the command ended with status"),
    ],
)
def test_the_run_ends_and_says_so_whatever_other_plugins_do_at_the_end(
    project: Any, nothing_left: Callable[[], None], calls: str, breaks: str, status: int, said: str
) -> None:
    conftest = f"def pytest_sessionfinish(): raise {breaks}\n"
    project.write(
        {"pyproject.toml": "[tool.sandgate]\n", "test_it.py": calls + "    assert False", "conftest.py": conftest}
    )
    done = project.pytest()
    assert (done.status, said in done.out + done.err) == (status, True), done.out + done.err
    nothing_left()


def test_two_runs_in_one_folder(project: Any, calls: str) -> None:
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": calls})
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    both = [project.start(*command) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len({Path(run).name for run in project.runs()}) == 2
