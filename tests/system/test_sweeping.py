"""`sandgate status` and `sandgate sweep`, through real gates, against an emulator that outlives every run."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandgate.cli.main import run as run_sandgate
from sandgate.config.load import load
from sandgate.control.living import living
from sandgate.core.registry import nearest
from sandgate.past import past_runs
from sandgate.run import Run
from sandgate.session import start
from sandgate.sweeping import opened, sweep

PYTHON = sys.executable


@dataclass
class Here:
    """A project in this process: quicker than one process for each command."""

    root: Path
    queues: Any
    capsys: pytest.CaptureFixture[str]
    _live: list[Run] = field(default_factory=list)

    def start(self, *names: str, **overrides: object) -> Run:
        """A run that lives, and made these queues."""
        run = start(load(cwd=self.root, environ={}, overrides=overrides), progress=lambda _text: None)
        self._live.append(run)
        sqs = run.clients()("sqs")
        for name in names:
            sqs.create_queue(QueueName=f"test-{run.namespace}-{name}")
        return run

    def dead(self, *names: str) -> str:
        """The id of a run whose gate was killed."""
        run = self.start(*names)
        run.mark()  # what was answered is written by then
        run.kill()
        return run.id

    def say(self, *arguments: str) -> tuple[int, str, str]:
        """Run `sandgate`."""
        self.capsys.readouterr()
        status = run_sandgate(arguments)
        said = self.capsys.readouterr()
        return status, said.out, said.err

    def json(self, *arguments: str) -> Any:
        """What `sandgate … --json` says."""
        return json.loads(self.say(*arguments, "--json")[1])

    def end(self) -> None:
        """End what still lives."""
        for run in self._live:
            run.kill()


@pytest.fixture
def here(
    tmp_path: Path, queues: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Here]:
    (tmp_path / "pyproject.toml").write_text(f"[tool.sandgate]\n{queues.options()}")
    monkeypatch.chdir(tmp_path)
    made = Here(tmp_path, queues, capsys)
    yield made
    made.end()


def test_a_dead_run_is_shown_swept_and_forgotten(here: Here) -> None:
    run = here.dead("a", "b")
    status, out, _ = here.say("status")
    assert (status, f"{run}  tier endpoints  abandoned, " in out) == (0, True)
    assert "owns 2: 2 AWS::SQS::Queue" in out
    assert "`sandgate sweep` removes" in out
    assert max(map(len, out.splitlines())) <= 80
    status, out, _ = here.say("sweep", "--dry-run")
    assert (status, len(here.queues.names), "to remove, in this order (2)" in out) == (0, 2, True)
    status, out, _ = here.say("sweep", "--yes")
    assert (status, here.queues.names, "removed 2" in out) == (0, set(), True)
    assert here.say("status") == (0, "no run lives here, and none has left anything\n", "")
    assert here.say("sweep") == (0, "nothing to sweep\n", "")


def test_each_resource_is_shown_of_a_run_that_is_named(here: Here) -> None:
    run = here.start("a")
    run.set_test("tests/test_x.py::test_it")
    run.clients()("sqs").create_queue(QueueName=f"test-{run.namespace}-b")
    run.mark()  # what was answered is written by then
    _, out, _ = here.say("status", run.id)
    assert "live" in out.splitlines()[0]
    assert re.search(r"us-east-1, made by sqs:CreateQueue, \d+ s ago", out)
    assert "in tests/test_x.py::test_it" in out
    (told,) = here.json("status", "--all")["runs"]
    assert (told["state"], told["owns"], told["types"]) == ("live", 2, {"AWS::SQS::Queue": 2})
    assert {one["claim"] for one in told["resources"]} == {"made"}
    assert "resources" not in here.json("status")["runs"][0]


def test_a_live_run_is_never_swept(here: Here) -> None:
    live, dead = here.start("a"), here.dead("b")
    status, _, err = here.say("sweep", live.id, "--yes")
    assert (status, "a live run is never swept" in err) == (2, True)
    told = here.json("sweep", "--yes")
    assert [one["run"] for one in told["runs"]] == [dead]
    assert told["left_out"] == [{"run": live.id, "why": "it lives"}]
    assert {name[-1] for name in here.queues.names} == {"a"}


def test_what_cannot_be_listed_or_removed_is_left_with_its_reason(here: Here) -> None:
    run = here.dead("a")
    here.queues.refuses = {"ListQueues", "DeleteQueue"}
    status, out, _ = here.say("sweep", "--yes")
    assert (status, "still there (1)" in out, "AccessDenied" in out) == (8, True, True)
    (past,) = past_runs(here.root)
    assert (past.id, len(past.alive), "not for you" in past.alive[0].why) == (run, 1, True)
    here.queues.refuses = {"ListQueues"}
    (told,) = here.json("sweep", "--yes")["runs"]
    assert "could not be listed" in told["left"][0]["why"]
    here.queues.refuses = set()
    assert here.say("sweep", "--yes")[0] == 0
    assert past_runs(here.root)[0].alive == ()


def test_what_stays_can_be_forgotten(here: Here) -> None:
    """What no sweep can remove is a person's to look after, and no run owns it for ever."""
    run = here.dead("a")
    here.queues.refuses = {"DeleteQueue"}
    assert here.say("sweep", "--yes", run)[0] == 8
    status, out, _ = here.say("sweep", "--yes", "--forget", run)
    assert (status, "forgotten 1: no run owns that any more" in out, "not for you" in out) == (0, True, True)
    assert past_runs(here.root)[0].alive == ()
    assert {name[-1] for name in here.queues.names} == {"a"}, "it is still there, for whoever looks after it"


def test_older_runs_only(here: Here) -> None:
    run = here.dead("a")
    status, out, _ = here.say("sweep", "--older-than", "2h", "--yes")
    assert status == 0
    assert re.fullmatch(rf"{run}: left out, it is only \d+ s old\nnothing to sweep\n", out)
    assert here.say("sweep", "--older-than", "0s", "--yes")[0] == 0
    assert here.queues.names == set()


def test_nobody_can_be_asked(here: Here) -> None:
    here.dead("a")
    status, _, err = here.say("sweep")
    assert (status, "no terminal" in err, len(here.queues.names)) == (2, True, 1)
    assert here.say("sweep", "--json")[0] == 2


def test_a_run_that_does_not_exist(here: Here) -> None:
    run = here.dead("a")
    wrong = f"{run[:-1]}0"
    status, _, err = here.say("sweep", wrong, "--yes")
    assert (status, f"did you mean {nearest(wrong, [run])}?" in err) == (2, True)
    assert here.say("status", "nonsense")[0] == 2


def test_a_damaged_ledger_is_told_and_hides_no_other(here: Here) -> None:
    run, other = here.dead("a"), here.dead("b")
    ledger = here.root / ".sandgate" / "runs" / run / "ledger.jsonl"
    lines = ledger.read_text().splitlines()
    ledger.write_text("\n".join([lines[0], "{broken", *lines[1:]]) + "\n")
    _, out, _ = here.say("status")
    assert (f"{run}  unreadable" in out, "the ledger is damaged" in out, f"{other}  tier" in out) == (True, True, True)
    told = here.json("sweep", "--yes")
    assert (told["status"], [one["run"] for one in told["runs"]]) == (6, [other])
    assert here.say("sweep", run, "--yes")[0] == 6
    ledger.write_text("\n".join([lines[0].replace('"schema":1', '"schema":99'), *lines[1:]]) + "\n")
    assert "schema 99" in here.say("status")[1]


HEADER = '{"ledger":"open","schema":1,"at":1.0,"run":"r","tier":"endpoints","namespace":"n"}'
INTENT = '{"ledger":"intent","id":"1","at":1.0,"type":"sqs-queue","region":"eu-west-1","key":{"QueueName":"q"}}'


BROKEN: dict[str, tuple[str | None, str | None, str]] = {
    "no object": (f"[]\n{HEADER}", "", "ledger.jsonl:1"),
    "time is a text": (HEADER.replace("1.0", '"x"'), "", "the ledger is damaged"),
    "time is null": (HEADER.replace("1.0", "null"), "", "the ledger is damaged"),
    "time is no number": (HEADER.replace("1.0", "NaN"), "", "the ledger is damaged"),
    "key is a list": (f"{HEADER}\n{INTENT}".replace('{"QueueName":"q"}', '["QueueName"]'), "", "the ledger is damaged"),
    "time of an entry": (HEADER + "\n" + INTENT.replace("1.0", '"x"'), "", "the ledger is damaged"),
    "too deep": (HEADER + "\n" + "[" * 100_000, "", "the ledger is damaged"),
    "a folder": (None, "", "the ledger cannot be opened"),
    "half an event": (HEADER, '{"event":"call","id":"1","makes":\n', "the event log is damaged"),
    "an event is a list": (HEADER, '["\\"makes\\":", {"makes":1}]\n', "the event log is damaged"),
    "an event lacks members": (
        HEADER,
        '{"event":"call","id":"1","makes":[{"type":"q"}]}\n',
        "the event log is damaged",
    ),
    "events are a folder": (HEADER, None, "the event log cannot be read"),
}


def test_runs_that_are_broken_stop_nobody(here: Here) -> None:
    """They are told with the place, and `status` and `sweep` go on with the others."""
    other = here.dead("b")
    for run, (ledger, events, _) in BROKEN.items():
        folder = here.root / ".sandgate" / "runs" / run.replace(" ", "-")
        folder.mkdir()
        for name, text in (("ledger.jsonl", ledger), ("events.jsonl", events)):
            if text is None:
                (folder / name).mkdir()
            else:
                (folder / name).write_text(f"{text}\n", encoding="ascii")
    runs = {one["run"]: one for one in here.json("status")["runs"]}
    for run, (_, _, said) in BROKEN.items():
        assert said in runs[run.replace(" ", "-")]["failure"]
    status, out, _ = here.say("status")
    assert (status, f"{other}  tier" in out, out.count("unreadable")) == (0, True, len(BROKEN))
    told = here.json("sweep", "--yes")
    assert (told["status"], [one["run"] for one in told["runs"]]) == (6, [other])
    assert here.queues.names == set()
    status, out, _ = here.say("sweep", "--yes")
    assert (status, f"nothing was swept: what {len(BROKEN)} runs own is not known" in out) == (6, True)
    assert "nothing to sweep" not in out


def test_a_disk_that_cannot_be_written_is_read(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """`status` shows the runs; a sweep tells which it cannot close, and goes on."""
    for run in ("one", "two"):
        folder = here.root / ".sandgate" / "runs" / run
        folder.mkdir(parents=True)
        (folder / "ledger.jsonl").write_text(f'{HEADER[:-1]},"ends_with_gate":true}}\n{INTENT}\n', encoding="ascii")
    really = os.open

    def read_only(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY) and str(path).endswith("one/ledger.jsonl"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return really(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", read_only)
    status, out, _ = here.say("status")
    assert (status, out.count("gone with its upstream"), out.count("held 1")) == (0, 2, 2)
    status, out, err = here.say("sweep")
    assert (status, "two: closed" in out, "one: closed" in out) == (6, True, False)
    assert "one is not swept: the ledger cannot be opened: Read-only file system" in " ".join(err.split())


def test_an_upstream_that_does_not_answer_stops_no_other_sweep(here: Here) -> None:
    gone = here.dead("a")
    settings = here.root / ".sandgate" / "runs" / gone / "config.json"
    settings.write_text(settings.read_text().replace(here.queues.url, "http://127.0.0.1:1"))
    here.dead("b")
    status, _, err = here.say("sweep", "--yes")
    assert (status, f"{gone} is not swept" in err, {name[-1] for name in here.queues.names}) == (4, True, {"a"})


def test_the_gate_of_a_sweep_is_nobodys_to_stop(here: Here) -> None:
    here.dead("a")
    (past,) = past_runs(here.root)
    (past.directory / "detached").touch()  # as if `sandgate start` had begun it
    with opened(past, progress=lambda _text: None):
        assert [(each.id, each.detached) for each in living(here.root)] == [(past.id, False)]
        assert f"{past.id}  tier endpoints  being swept" in here.say("status")[1]
        assert here.say("stop", "--keep")[0] == 2
        assert here.say("sweep", "--yes")[1] == f"{past.id}: left out, it is being swept\nnothing to sweep\n"
        assert here.say("sweep", past.id, "--yes")[0] == 2
    assert here.say("sweep", "--yes")[0] == 0


def test_what_ended_with_its_emulator_is_closed(here: Here) -> None:
    run = here.start(tier="emulated", on_leftover="sweep")
    run.clients()("sqs").create_queue(QueueName=f"test-{run.namespace}-a")
    run.mark()
    run.kill()
    assert f"{run.id}  tier emulated  gone with its upstream" in here.say("status")[1]
    assert "would be closed" in here.say("sweep", "--dry-run")[1]
    told = here.json("sweep")  # nothing is removed, so nobody is asked
    assert (told["status"], told["closed"]) == (0, [{"run": run.id, "held": 1}])
    assert here.say("status")[1].startswith("no run lives here")


# -- what no ledger knows ---------------------------------------------------------------------------------------------


def test_what_carries_the_prefix_is_adopted_and_swept(here: Here) -> None:
    live = here.start("live")
    here.dead("dead")
    foreign = {"prod-orders", "contest-x", f"{live.namespace}-test"}
    here.queues.names |= {"test-old", "test_old", *foreign}
    theirs = f"test-{live.namespace}w1-unwritten"  # a worker's, whose ledger line is on its way
    here.queues.names.add(theirs)
    before = set(here.queues.names)
    told = here.json("sweep", "--adopt-prefix", "--dry-run")
    assert ({one["name"] for one in told["found"]}, here.queues.names) == ({"test-old", "test_old"}, before)
    status, out, _ = here.say("sweep", "--adopt-prefix", "--yes")
    assert (status, "removed 2" in out, "in us-east-1" in out) == (0, True, True)
    assert before - here.queues.names == {"test-old", "test_old"}
    assert here.json("status")["runs"][-1]["state"] != "live"
    assert "nothing carries it" in here.say("sweep", "--adopt-prefix", "--yes")[1]


def test_types_that_cannot_be_listed_are_told(here: Here) -> None:
    here.queues.names.add("test-old")
    here.queues.refuses = {"ListQueues"}
    status, out, _ = here.say("sweep", "--adopt-prefix", "--yes")
    assert (status, "could not be listed, so nobody knows" in out, "nothing else carries it" in out) == (8, True, True)
    assert here.json("sweep", "--adopt-prefix", "--yes")["not_listed"][0]["type"] == "AWS::SQS::Queue"


def test_the_ledger_of_a_live_run_must_be_readable(here: Here) -> None:
    live = here.start("live")
    here.queues.names.add("test-old")
    ledger = live.directory / "ledger.jsonl"
    ledger.write_text("{broken\n" + ledger.read_text())
    status, _, err = here.say("sweep", "--adopt-prefix", "--yes")
    assert (status, f"the run {live.id} lives" in err, "test-old" in here.queues.names) == (6, True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--adopt-prefix", "--tier", "emulated", "--yes"], "nothing outlives its run"),
        (["--adopt-prefix", "--yes", "20260101-000000-aaaaaa"], "--adopt-prefix is about what no run owns"),
        (["--adopt-prefix", "--yes", "--older-than", "2h"], "--adopt-prefix is about what no run owns"),
        (["--adopt-prefix"], "no terminal"),
        (["--forget", "--yes"], "--forget is for runs that are named"),
        (["--tier", "endpoints"], "--tier belongs to --adopt-prefix"),
        (["--older-than", "yesterday"], "'yesterday' is no length of time"),
    ],
)
def test_what_makes_no_sense_is_an_error(arguments: list[str], said: str, here: Here) -> None:
    status, _, err = here.say("sweep", *arguments)
    assert (status, said in err) == (2, True)


# -- as a process -----------------------------------------------------------------------------------------------------

MAKE = """
import os, pathlib, sys, time
import boto3
sqs = boto3.client("sqs")
for number in range(3):
    sqs.create_queue(QueueName=f"test-{os.environ['SANDGATE_NAMESPACE']}-{number}")
pathlib.Path("made").touch()
if "wait" in sys.argv:
    while True:
        try: time.sleep(300)
        except KeyboardInterrupt: break
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def outside(project: Any, queues: Any) -> Any:
    """A project of processes."""
    project.write("pyproject.toml", f"[tool.sandgate]\n{queues.options()}")
    project.write("make.py", MAKE)
    return project


def left_in(project: Any) -> None:
    """A dead run with three queues."""
    run = start(load(cwd=project.folder, environ={}, overrides={}), progress=lambda _text: None)
    for number in range(3):
        run.clients()("sqs").create_queue(QueueName=f"test-{run.namespace}-{number}")
    run.mark()
    run.kill()


def swept(project: Any, queues: Any) -> bool:
    """Sweep what is left, and say whether nothing is."""
    for past in past_runs(project.folder):
        if past.alive:
            with opened(past, progress=lambda _text: None) as run:
                assert sweep(run).left == ()
    return gone(project, queues)


def gone(project: Any, queues: Any) -> bool:
    """Whether nothing is left, by the upstream's own word and by the ledgers'."""
    return not queues.names and not any(past.alive for past in past_runs(project.folder))


@pytest.mark.parametrize(
    ("option", "status", "kept"),
    [("--keep", 0, True), ("--keep-on-failure", 0, False), ("--keep-on-failure", 3, True)],
)
def test_what_is_to_be_kept_is_swept_later(option: str, status: int, kept: bool, outside: Any, queues: Any) -> None:
    said = outside.sandgate("run", option, "--", PYTHON, "make.py", str(status))
    assert (said.status, len(queues.names)) == (3 if status else 8, 3 if kept else 0)
    if kept:
        run = outside.last.name
        assert f"red because 3 resources were kept; `sandgate sweep {run}` removes them" in said.err
        assert swept(outside, queues)


def test_nothing_can_be_kept_where_it_ends_with_the_run(project: Any) -> None:
    said = project.sandgate("run", "--keep", "--", "true")
    assert (said.status, said.error["where"]) == (2, "command line, --keep")
    started = project.sandgate("start")
    try:
        assert project.sandgate("stop", "--keep").status == 2
    finally:
        assert project.sandgate("stop").status in (0, 7)
    assert started.status == 0


def test_a_run_of_a_shell_can_be_kept_too(outside: Any, queues: Any) -> None:
    assert outside.sandgate("start").status == 0
    outside.shell(f'eval "$({PYTHON} -m sandgate env)"; {PYTHON} make.py 0')
    said = outside.sandgate("stop", "--keep")
    assert (said.status, len(queues.names), "3 resources were kept" in said.out) == (8, 3, True)
    assert swept(outside, queues)


def test_ctrl_c_once_ends_a_run_with_its_sweep(outside: Any, queues: Any) -> None:
    started = outside.start("run", "--", PYTHON, "make.py", "0", "wait")
    started.wait_for((outside.folder / "made").exists, "queues")
    started.interrupt()
    said = started.end()
    assert (said.status, "left behind by tests, swept now (3)" in said.err) == (130, True)
    assert "red because the run was interrupted" in said.err
    assert gone(outside, queues)


def test_ctrl_c_during_the_sweep_lets_it_come_to_its_end(outside: Any, queues: Any) -> None:
    queues.go.clear()
    started = outside.start("run", "--", PYTHON, "make.py", "0")
    started.wait_for(lambda: queues.removing, "removal")
    started.interrupt()
    queues.go.set()
    said = started.end()
    assert (said.status, "swept now (3)" in said.err, "was interrupted" in said.err) == (130, True, True)
    assert gone(outside, queues)


@pytest.mark.parametrize("terminal", [False, True], ids=["kill", "terminal"])
def test_ctrl_c_twice_ends_a_run_at_once_and_says_how_to_sweep(outside: Any, queues: Any, terminal: bool) -> None:
    queues.go.clear()
    started = outside.start("run", "--", PYTHON, "make.py", "0", terminal=terminal)
    started.wait_for(lambda: queues.removing, "removal")
    run = outside.last.name
    for _ in range(2):
        started.interrupt()
        time.sleep(0.1)  # two that come at once are one signal
    said = started.end()  # while all removals are held up still
    assert (said.status, f"`sandgate sweep {run}` removes what it left (3)" in said.err) == (130, True)
    assert "Traceback" not in said.err
    queues.go.set()
    assert swept(outside, queues)


def test_ctrl_c_twice_while_the_command_runs_sweeps_nothing(outside: Any, queues: Any) -> None:
    outside.write("make.py", MAKE.replace("break", "pathlib.Path('once').touch()", 1).replace("300", "2", 1))
    started = outside.start("run", "--", PYTHON, "make.py", "0", "wait")
    started.wait_for((outside.folder / "made").exists, "queues")
    started.interrupt()
    started.wait_for((outside.folder / "once").exists, "first Ctrl-C")
    started.process.send_signal(signal.SIGTERM)
    said = started.end()
    assert (said.status, len(queues.names)) == (130, 3)
    assert f"3 resources were kept; `sandgate sweep {outside.last.name}` removes them" in said.err
    assert swept(outside, queues)


def interrupted_sweep(outside: Any, queues: Any, *, presses: int) -> Any:
    """A sweep that is interrupted while removals are on their way."""
    left_in(outside)
    queues.go.clear()
    started = outside.start("sweep", "--yes")
    started.wait_for(lambda: len(queues.removing) == 3, "removal")
    for _ in range(presses):
        started.interrupt()
        time.sleep(0.1)
    queues.go.set()
    return started.end()


@pytest.mark.parametrize("presses", [1, 2])
def test_a_sweep_that_is_interrupted_can_be_gone_on_with(presses: int, outside: Any, queues: Any) -> None:
    said = interrupted_sweep(outside, queues, presses=presses)
    assert (said.status, "goes on with it" in said.err) == (130, True)
    assert "Traceback" not in said.err
    assert swept(outside, queues)


def test_a_question_on_a_terminal(outside: Any, queues: Any) -> None:
    left_in(outside)
    for answer, status in ((b"n\n", 8), (b"y\n", 0)):
        started = outside.start("sweep", terminal=True)
        started.wait_for(lambda started=started: b"remove 3 resources?" in started.heard, "question")
        assert len(queues.names) == 3
        started.type(answer)
        assert started.end().status == status
    assert gone(outside, queues)


def test_a_gate_that_dies_in_the_sweep_is_red_and_told(outside: Any, queues: Any) -> None:
    queues.go.clear()
    started = outside.start("run", "--", PYTHON, "make.py", "0")
    started.wait_for(lambda: queues.removing, "removal")
    os.kill(started.ready()["pid"], signal.SIGKILL)
    queues.go.set()
    said = started.end()
    run = outside.last.name
    assert said.status == 6
    assert f"left behind; `sandgate sweep {run}` tries again" in said.err
    assert outside.receipt["green"] is False
    assert swept(outside, queues)


PYTEST = """
import pathlib, pytest, time

@pytest.fixture
def queue(aws, namespace):
    aws.client("sqs").create_queue(QueueName=namespace.queue("x"))
    pathlib.Path("made").touch()
    yield
    {teardown}

def test_it(queue):
    {body}
"""


@pytest.mark.parametrize(
    ("arguments", "teardown", "body", "status", "kept"),
    [
        (["--keep"], "pass", "pass", 8, True),
        (["--keep-on-failure"], "pass", "assert False", 1, True),
        (["--keep-on-failure"], "pass", "pass", 8, False),
        ([], "raise RuntimeError('torn')", "pass", 1, False),
    ],
    ids=["keep", "keep on failure", "no failure", "failed teardown"],
)
def test_pytest_keeps_or_sweeps(
    arguments: list[str], teardown: str, body: str, status: int, kept: bool, outside: Any, queues: Any
) -> None:
    outside.write("test_it.py", PYTEST.format(teardown=teardown, body=body))
    done = outside.shell(f"{PYTHON} -m pytest -p no:cacheprovider {' '.join(arguments)} test_it.py")
    assert (done.returncode, len(queues.names)) == (status, 1 if kept else 0), done.stdout
    wanted = f"`sandgate sweep {outside.last.name}` removes it" if kept else "left behind by tests, swept now (1)"
    assert wanted in done.stdout
    assert swept(outside, queues)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_while_pytest_sweeps(presses: int, outside: Any, queues: Any) -> None:
    outside.write("test_it.py", PYTEST.format(teardown="pass", body="pass"))
    queues.go.clear()
    command = [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py"]
    process = subprocess.Popen(
        command, cwd=outside.folder, env=outside.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + 120
    while not queues.removing and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    if presses == 1:
        queues.go.set()
    said, _ = process.communicate(timeout=120)
    queues.go.set()
    wanted = "swept now (1)" if presses == 1 else f"`sandgate sweep {outside.last.name}` removes what it left (1)"
    assert (process.returncode, wanted in said, "Traceback" in said) == (130, True, False), said
    assert swept(outside, queues)
