"""The end of a run: what the gate says last becomes the receipt, whatever state the gate is in."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from sandgate.config.load import load
from sandgate.errors import ExitCode, RunError, StackError
from sandgate.finish import finish
from sandgate.ledger.book import NAME
from sandgate.run import Run
from sandgate.stacks import host
from sandgate.stacks.kept import remember

QUEUE = {"type": "AWS::SQS::Queue", "name": "q", "unknown": ""}
UNLISTED = {"type": "", "name": "sqs", "unknown": "the emulator refused ListQueues"}


@dataclass
class Ended:
    """What `finish` asks of a run, answered from memory."""

    directory: Path
    found: list[dict[str, str]] = field(default_factory=list)
    death: str = ""
    broken: str = ""
    answers: bool = True
    told: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name in ("started_at", "ready_at"):
            return 0.0
        if name in ("versions", "evidence"):
            return {}
        if name == "config":
            return load(cwd=self.directory, environ={}, overrides={})
        return name

    def status(self) -> dict[str, str]:
        if not self.answers:
            raise RunError("the gate does not answer")
        return {"death": self.death, "broken": self.broken}

    def leftovers(self) -> list[dict[str, str]]:
        return self.found

    def stop(self, reason: str) -> dict[str, str]:
        self.told.append(reason)
        return {"death": self.death, "broken": self.broken}

    def kill(self) -> None:
        self.told.append("killed")


@pytest.fixture
def run(tmp_path: Path) -> Ended:
    call = '{"event":"call","id":"1","service":"sqs","operation":"ListQueues"}\n'
    done = '{"event":"done","id":"1","status":200,"reached":true}\n'
    (tmp_path / "events.jsonl").write_text(call + done)
    return Ended(tmp_path)


def receipt_of(run: Ended, **options: Any) -> Any:
    return finish(cast(Run, run), command=("true",), exit_status=0, tests_s=0.0, **options)


def test_the_receipt_is_written(run: Ended) -> None:
    receipt = receipt_of(run)
    assert receipt.status is ExitCode.OK
    assert json.loads((run.directory / "receipt.json").read_text()) == receipt.to_json()
    assert run.told == ["stopped"]


def test_what_could_not_be_listed_is_no_leftover(run: Ended) -> None:
    run.found = [UNLISTED]
    receipt = receipt_of(run)
    assert receipt.status is ExitCode.OK
    assert receipt.to_json()["not_listed"] == [{"service": "sqs", "reason": UNLISTED["unknown"]}]


def test_what_is_left_is_red(run: Ended) -> None:
    run.found = [UNLISTED, QUEUE]
    receipt = receipt_of(run)
    assert receipt.status is ExitCode.LEFTOVERS
    assert receipt.to_json()["leftovers"] == [{"type": "AWS::SQS::Queue", "name": "q", "swept": False}]


def test_a_gate_that_does_not_answer_is_killed_and_red(run: Ended) -> None:
    run.answers = False
    receipt = receipt_of(run)
    assert (receipt.status, receipt.reasons) == (ExitCode.RUN, ("the gate does not answer",))
    assert run.told == ["killed"]


def test_a_dead_emulator_is_red_and_asked_nothing(run: Ended) -> None:
    run.death, run.found = "the emulator ended", [QUEUE]
    receipt = receipt_of(run)
    assert (receipt.status, receipt.reasons) == (ExitCode.RUN, ("the emulator ended",))


def test_a_log_with_a_hole_is_red(run: Ended) -> None:
    run.broken = "no space left on device"
    receipt = receipt_of(run, interrupted=lambda: True)
    assert receipt.status is ExitCode.INTERRUPTED
    assert receipt.reasons[1] == "calls could not be recorded: no space left on device"
    assert run.told == ["interrupted"]


def test_a_receipt_that_cannot_be_written_is_red(run: Ended) -> None:
    (run.directory / "receipt.json").mkdir()
    receipt = receipt_of(run)
    assert receipt.status is ExitCode.RUN
    assert receipt.reasons[0].startswith("the receipt could not be written")


@pytest.mark.parametrize(("ends", "longest"), [(True, 30.0), (False, 1800.0)])
def test_a_stack_that_ends_with_the_gate_is_not_waited_for_long(
    run: Ended, monkeypatch: pytest.MonkeyPatch, *, ends: bool, longest: float
) -> None:
    waited: list[float] = []

    def delete(_run: object, name: str, *, timeout: float) -> None:
        waited.append(timeout)
        raise StackError(f"stack {name!r} is not finished after its time")

    monkeypatch.setattr(host, "delete_stack", delete)
    (run.directory / NAME).write_text(json.dumps({"ledger": "open", "run": "r", "ends_with_gate": ends}) + "\n")
    remember(run.directory, "test-x")
    receipt = receipt_of(run)
    assert (receipt.status, waited) == (ExitCode.LEFTOVERS, [longest])
    assert receipt.reasons == ("stack 'test-x' is not finished after its time",)


def test_a_new_file_that_git_sees_makes_the_tree_dirty(run: Ended) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", "-C", str(run.directory), *who, *arguments], check=True, capture_output=True)

    git("init")
    (run.directory / ".gitignore").write_text("*\n!/kept.py\n!/new.py\n")
    (run.directory / "kept.py").write_text("")
    git("add", "kept.py")
    git("commit", "-m", "kept")
    clean = receipt_of(run).facts
    assert (len(clean.commit), clean.dirty) == (40, False)
    (run.directory / "new.py").write_text("")
    assert receipt_of(run).facts.dirty
