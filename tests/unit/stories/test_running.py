from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sandgate.stories.guarding import MARK
from sandgate.stories.judging import complaints
from sandgate.stories.model import Expect
from sandgate.stories.running import Outcome, StepProcess
from sandgate.stories.runtimes._model import Command
from sandgate.stories.workspace import workspace


def run(script: str, limit: float = 60.0, **kwargs: Any) -> tuple[Outcome, list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []
    command = Command(line=("/bin/sh", "-ec", script), environ={**os.environ, MARK: "m-1"}, folder=Path.cwd())
    ended = kwargs.pop("ended", [])
    process = StepProcess(
        command,
        limit=limit,
        heard=lambda name, text: heard.append((name, text)),
        end=lambda: ended.append("end"),
        mark="m-1",
    )
    if send := kwargs.pop("send", None):
        process.send(send, typed=False)
    while process.poll() is None:
        time.sleep(0.005)
    return process.finish(), heard


def test_both_streams_are_kept_and_heard_line_by_line() -> None:
    outcome, heard = run("echo one; echo two >&2; exit 3")
    assert (outcome.status, outcome.output, outcome.errors, outcome.timed_out) == (3, "one\n", "two\n", False)
    assert sorted(heard) == [("err", "two\n"), ("out", "one\n")]


def test_a_step_has_no_terminal_and_reads_nothing() -> None:
    outcome, _ = run("test ! -t 0; cat; ps -o tty= -p $$ 2>/dev/null || echo ?")
    assert outcome.output.strip() == "?"


def test_what_takes_too_long_is_ended() -> None:
    outcome, _ = run("trap 'echo asked; exit 9' TERM; while :; do sleep 0.02; done", limit=0.1)
    assert (outcome.timed_out, outcome.status, outcome.output) == (True, 9, "asked\n")


def test_what_does_not_want_to_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandgate.stories.running._GRACE", 0.1)
    ended: list[str] = []
    outcome, _ = run("trap '' TERM; while :; do sleep 0.02; done", limit=0.1, ended=ended)
    assert (outcome.timed_out, outcome.status) == (True, 137)
    assert ended


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of processes")
def test_what_a_step_starts_ends_with_it() -> None:
    outcome, _ = run("sleep 20 & echo $!; setsid sleep 20 >/dev/null 2>&1 & echo $!; sleep 0.1")
    for pid in outcome.output.split():
        deadline = time.monotonic() + 8
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="only Linux shows the names of processes")
def test_output_that_somebody_holds_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandgate.stories.running._DRAIN", 0.1)
    outcome, _ = run('env -i setsid sleep 60 & until test "$(cat /proc/$!/comm)" = sleep; do :; done; echo $!')
    os.kill(int(outcome.output), signal.SIGKILL)
    assert (outcome.status, outcome.timed_out) == (0, False)


def test_a_step_that_never_stops_talking_fills_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("_MOST", 1000), ("_HEARD", 2000), ("_LINE", 100)):
        monkeypatch.setattr(f"sandgate.stories.running.{name}", size)
    outcome, heard = run("yes 'so it goes on' | head -n 500; echo end >&2")
    assert (len(outcome.output), outcome.cut) == (1000, True)
    told = [text for name, text in heard if name == "out"]
    assert sum(map(len, told)) < 2200
    assert told[-1].endswith("the rest is not told)")
    assert outcome.errors == "end\n"
    assert list(complaints(Expect(lines=67), outcome, 1.0)) == [
        "expected 67 lines of output, and there was more than is kept to count them"
    ]


def test_a_line_that_never_ends_is_told_in_part_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandgate.stories.running._LINE", 100)
    outcome, heard = run("head -c 950 /dev/zero | tr '\\0' x; echo; echo next")
    assert outcome.output == "x" * 950 + "\nnext\n"
    assert not outcome.cut
    assert [len(text) for _, text in heard] == [100 + len(" … (and more of it, which is not told)"), 5]


def test_a_folder_goes_with_its_story_or_with_the_next(tmp_path: Path) -> None:
    with workspace(tmp_path, keep=False) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        with workspace(tmp_path, keep=True) as kept:
            assert folder.exists(), "one that is in use stays"
    assert not folder.exists()
    killed = tmp_path / "s-killed"
    killed.mkdir()
    (killed / "lock").touch()
    with workspace(tmp_path, keep=False):
        assert not killed.exists()
        assert kept.exists()


KILLED = """
import os, sys
from sandgate.stories.guarding import guarded
with guarded() as guard:
    guard.will(["touch", sys.argv[1]], ["/nowhere/removes"])
    print(guard.new_mark(), flush=True)
    guard.begun(int(sys.stdin.readline()))
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("how", ["killed", "well"])
def test_what_a_killed_story_has_started_is_ended_and_removed(tmp_path: Path, how: str) -> None:
    line = (sys.executable, "-c", KILLED, str(tmp_path / "removed"), how)
    story = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert story.stdout
    environ = {**os.environ, MARK: story.stdout.readline().strip()}
    step = subprocess.Popen(("sleep", "600"), process_group=0)
    strayed = subprocess.Popen(("sleep", "600"), env=environ, start_new_session=True)
    story.communicate(f"{step.pid}\n")
    if how == "killed":
        assert (step.wait(60), strayed.wait(60)) == (-signal.SIGKILL, -signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not (tmp_path / "removed").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    for process in (step, strayed):
        assert how == "killed" or process.poll() is None
        process.kill()
        process.wait()
    assert (tmp_path / "removed").exists() == (how == "killed")
