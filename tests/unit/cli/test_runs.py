"""A run as `sandgate status` shows it: every claim in words, at 80 columns, and nothing that moves a cursor."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from sandgate import past as ledgers
from sandgate.cli._bar import progress_bar
from sandgate.cli._plans import plan_lines
from sandgate.cli._runs import as_json, chosen, complete_runs, run_lines, state_of
from sandgate.errors import UsageError
from sandgate.ledger.state import fold
from sandgate.past import Past
from sandgate.reports.lines import sweep_lines
from sandgate.sweep.plan import Step

HEADER = {"ledger": "open", "schema": 1, "at": 1000.0, "tier": "endpoints", "namespace": "abc123"}
LONG = "test-abc123-" + "x" * 120


def past(tmp_path: Path, *lines: dict[str, Any], live: bool = False, failure: str = "", **header: object) -> Past:
    state = fold([{**HEADER, **header}, *lines])
    return Past(id="20260131-120000-k3x9q2", directory=tmp_path, state=state, live=live, failure=failure)


def intent(number: int, key: dict[str, str], **more: object) -> dict[str, Any]:
    line = {"ledger": "intent", "id": f"c-{number}", "at": 1000.0 + number, "type": "sqs-queue", "region": "eu-west-1"}
    return {**line, "key": key, "operation": "sqs:CreateQueue", **more}


def test_each_claim_is_said_in_words(tmp_path: Path) -> None:
    made = {"ledger": "made", "id": "c-2"}
    named = {"type": "sqs-queue", "region": "eu-west-1", "key": {"QueueName": "test-d"}}
    run = past(
        tmp_path,
        intent(1, {"QueueName": "test-a"}),
        intent(2, {"QueueName": LONG}, test="tests/test_x.py::test_it[a b]"),
        made,
        intent(3, {"QueueName": "test-c"}, existed="unknown"),
        intent(4, {"QueueName": "test-d"}),
        {"ledger": "going", **named},
        {"ledger": "leak", **named, "why": "the queue is held by somebody"},
        {**intent(5, {"QueueName": "test-e\x1b[2J"}), "ledger": "adopted", "why": "comes with test-f"},
    )
    lines = list(run_lines(run, now=1000.0 + 7200, each=True))
    text = "\n".join(lines)
    assert "eu-west-1, its create was never answered by sqs:CreateQueue, 119 m ago" in text
    assert "made by sqs:CreateQueue" in text
    assert "in tests/test_x.py::test_it[a b]" in text
    assert "it may have been there before the run, and is never removed" in " ".join(text.split())
    assert "its removal was accepted, and is not proven" in " ".join(text.split())
    assert "the last time: the queue is held by somebody" in text
    assert "comes with test-f" in text
    assert "\x1b" not in text
    assert [line for line in lines if len(line) > 80 and LONG not in line] == []


def test_what_has_no_type_is_shown_by_its_call(tmp_path: Path) -> None:
    run = past(tmp_path, {**intent(1, {}), "type": "", "operation": "athena:CreateWorkGroup"})
    assert "owns 1: 1 athena:CreateWorkGroup" in "\n".join(run_lines(run, now=1000.0, each=False))
    assert as_json(run, each=True)["resources"] == [
        {
            "type": "athena:CreateWorkGroup", "name": "athena:CreateWorkGroup", "region": "eu-west-1",
            "claim": "unknown", "operation": "athena:CreateWorkGroup", "test": "", "at": 1001.0, "why": "",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "options", "state"),
    [
        ((), {"live": True}, "live"),
        (("sweeping",), {"live": True}, "being swept"),
        (("sweeping",), {}, "abandoned"),  # the sweep died
        (("receipt.json",), {}, "ended"),
        (("receipt.json",), {"live": True}, "live"),
        ((), {"ends_with_gate": True}, "gone with its upstream"),
        ((), {"ends_with_gate": True, "live": True}, "live"),
        ((), {"failure": "the ledger is damaged"}, "unreadable"),
        ((), {"failure": "the ledger is damaged", "live": True}, "live"),
    ],
)
def test_what_a_run_is_doing(files: tuple[str, ...], options: dict[str, Any], state: str, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert state_of(past(tmp_path, **options)) == state


def test_runs_are_completed_newest_first_and_misspelt_ones_suggested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("20260131-120000-k3x9q2", "20260201-120000-aaaaaa"):
        (tmp_path / ".sandgate" / "runs" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert complete_runs("2026") == ["20260201-120000-aaaaaa", "20260131-120000-k3x9q2"]
    assert complete_runs("202601") == ["20260131-120000-k3x9q2"]
    run = past(tmp_path)
    assert chosen([run], [run.id, f".sandgate/runs/{run.id}/"]) == (run,)
    with pytest.raises(UsageError) as caught:
        chosen([run], ["20260131-120000-k3x9q3"])
    assert caught.value.hint == "did you mean 20260131-120000-k3x9q2?"


def test_a_long_plan_is_cut_unless_everything_is_wanted(tmp_path: Path) -> None:
    run = past(tmp_path, *(intent(number, {"QueueName": f"test-{number}"}) for number in range(30)))
    steps = [Step(entry=entry, what="remove", why="made by the run") for entry in run.alive]
    short = list(plan_lines(steps, everything=False))
    assert (short[0], short[-1]) == ("  to remove, in this order (30):", "    and 10 more; --dry-run shows all")
    assert len(list(plan_lines(steps, everything=True))) == 61


def test_progress_is_silent_for_a_second_and_then_said_once_a_second() -> None:
    times = iter([0.0, 0.5, 1.2, 1.2, 1.5, 2.3, 2.3])
    said: list[str] = []
    show = sweep_lines(said.append, now=lambda: next(times))
    for done in (1, 2, 3, 4):
        show(done, 9)
    assert said == ["sandgate: swept 2 of 9\n", "sandgate: swept 4 of 9\n"]


def test_a_bar_is_drawn_on_a_terminal_only_once_there_is_something_to_show() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    quiet, shown = Terminal(), Terminal()
    with progress_bar(quiet):
        pass
    with progress_bar(shown) as bar:
        bar(3, 7)
    assert (quiet.getvalue(), "sweeping" in shown.getvalue(), "3/7" in shown.getvalue()) == ("", True, True)


@pytest.mark.parametrize(("now", "ended"), [("a:1:7", 0), ("a:1:8", 2), ("a:1:", 2), ("", 0)])
def test_what_was_made_in_emulators_that_have_ended_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: str, ended: int
) -> None:
    """Nobody is asked for it but this machine, which may not know."""
    place = {"address": "127.0.0.1:8000", "instance": "a:1:7"}
    run = past(
        tmp_path,
        {"ledger": "upstream", "at": 1000.0, "services": {"sqs": place}},
        intent(1, {"QueueName": "test-a"}),
        intent(2, {"QueueName": "test-b"}),
        intent(3, {"Name": "test-c"}, type="sns-topic", operation="sns:CreateTopic"),
    )
    monkeypatch.setattr(ledgers, "instances_at", lambda places: dict.fromkeys(places, now))
    text = "\n".join(run_lines(run, now=1000.0, each=False))
    assert ("2 of these in emulators that have ended since (sqs)" in text) is bool(ended)
    assert as_json(run, each=False).get("in_ended_emulators", 0) == ended
