"""A process of ours is killed in the middle of a run: one clear reason, the documented status, and nothing left."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

PYTHON = sys.executable
LOOP = (
    "import boto3, pathlib, sys, time\n"
    "sts = boto3.client('sts')\n"
    "sts.get_caller_identity()\n"
    "pathlib.Path('calling').touch()\n"
    "while not pathlib.Path('killed').exists(): time.sleep(0.01)\n"
    "try: sts.get_caller_identity()\n"
    "except Exception as error: print(type(error).__name__, error)\n"
    "else: print('answered')\n"
)


def emulator_of(ready: dict[str, Any]) -> int:
    """The emulator's process, by the socket in its arguments."""
    wanted = f"{ready['work_dir']}/aws.sock".encode()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # one that has ended meanwhile
            if entry.name.isdecimal() and wanted in (entry / "cmdline").read_bytes().split(b"\0"):
                return int(entry.name)
    raise AssertionError("no emulator")


def calling(project: Any) -> tuple[Any, dict[str, Any]]:
    """A run whose command has made one call, and waits for a file `killed` before it makes another."""
    started = project.start("run", "--", PYTHON, str(project.write("loop.py", LOOP)))
    started.wait_for((project.folder / "calling").exists, "call")
    # What became of a call is written when its client has the answer already.
    started.wait_for(lambda: '"event":"done"' in (project.last / "events.jsonl").read_text(), "outcome of the call")
    return started, started.ready()


def test_the_emulator_is_killed(project: Any) -> None:
    started, ready = calling(project)
    emulator = emulator_of(ready)
    os.kill(emulator, signal.SIGKILL)
    started.wait_for(lambda: not Path(f"/proc/{emulator}").exists(), "end of the emulator, seen by the gate")
    (project.folder / "killed").touch()
    said = started.end()
    assert said.status == 6, said
    assert "UpstreamDead" in said.out
    assert project.receipt["reached"] == {"sts": 1}
    events = (project.last / "events.jsonl").read_text()
    assert events.count('"operation":"GetCallerIdentity"') == 2, "not retried"
    assert "Traceback" not in said.err
    assert "red because the emulator ended with status -9" in said.err
    assert "Ready" in said.err  # the tail of its log
    assert project.receipt["status"] == 6


def test_the_gate_is_killed(project: Any) -> None:
    started, ready = calling(project)
    os.kill(ready["pid"], signal.SIGKILL)
    (project.folder / "killed").touch()
    said = started.end()
    assert said.status == 6, said
    assert "EndpointConnectionError" in said.out or "Connection" in said.out
    assert "Traceback" not in said.err
    assert "red because the gate" in said.err
    assert project.receipt["reached"] == {"sts": 1}  # what was written down before


def test_gate_and_command_are_killed_together(project: Any) -> None:
    """As the kernel does it when memory runs out."""
    started, ready = calling(project)
    emulator = emulator_of(ready)
    os.kill(ready["pid"], signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):  # it ends with the gate, by itself
        os.kill(emulator, signal.SIGKILL)
    started.process.send_signal(signal.SIGTERM)
    said = started.end()
    assert (said.status, "Traceback" in said.err) == (130, False), said


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.25, 0.4])
def test_the_gate_is_killed_while_it_starts(project: Any, delay: float) -> None:
    started = project.start("run", "--allow-empty", "--", "sleep", "60")
    gate = started.wait_for(lambda: gate_of(started.process.pid), "gate")
    time.sleep(delay)
    os.kill(gate, signal.SIGKILL)
    said = started.end()
    assert said.status == 6, said
    assert "Traceback" not in said.err
    assert "the gate ended before it was ready" in said.err or "red because the gate" in said.err


def gate_of(front_end: int) -> int:
    """The front end's child that is a gate."""
    children = Path(f"/proc/{front_end}/task/{front_end}/children")
    with contextlib.suppress(OSError):  # one that has ended meanwhile
        for pid in children.read_text().split():
            if b"sandgate.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
    return 0


def test_a_gate_that_hangs_does_not_hang_us_for_ever(project: Any) -> None:
    """Ctrl-C twice ends even a run whose gate does not answer."""
    started = project.start("run", "--allow-empty", "--", "sh", "-c", "touch going; exec sleep 300", terminal=True)
    started.wait_for((project.folder / "going").exists, "command")
    os.kill(started.ready()["pid"], signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(3):
        started.interrupt()
        time.sleep(0.3)
    said = started.end()
    assert time.monotonic() - began < 40  # not the minutes that a gate may take
    assert "Traceback" not in said.err
    assert said.status == 130, said
    assert "ended at once, without a receipt" in said.err
