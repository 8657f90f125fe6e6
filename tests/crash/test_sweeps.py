"""Sweeps that meet: each other, a living run, their own death, another clock, and a ledger whose end is missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.crash.campaign import inside, places, rounds

from sandgate.ledger.book import NAME, read_state
from sandgate.ledger.entry import Entry
from sandgate.ledger.recover import lost
from sandgate.ledger.state import State
from sandgate.session import reopen

_DAY = 86_400.0
_STACK = "cloudformation-stack"
_FEW = ("table", "bucket", "key", "function", "pool", "stack")


def _lines(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / NAME).read_bytes().splitlines()]


def _write(directory: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    (directory / NAME).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="ascii")


def test_of_two_sweepers_one_sweeps(stage: Any) -> None:
    """At the same time, and a third while they are at it: none does harm, and together they leave nothing."""
    run = inside.dead_run(stage.root, _FEW)
    both = [rounds.sweeper(stage.root, run.name) for _ in range(2)]
    ends = [rounds.ended(process) for process in both]
    for end in ends:
        refused = end.answer.get("refused", "")
        assert (end.status == 0 and end.answer["left"] == []) or "another process writes its ledger" in refused, end
    assert {end.status for end in ends} >= {0}
    assert places.differences(stage.before, stage.upstream.look()) == []
    assert not read_state(run / NAME).alive


def test_a_living_run_is_not_swept(stage: Any) -> None:
    directory = stage.living.directory
    files = {name: (directory / name).read_bytes() for name in (NAME, "run.json", "events.jsonl")}
    end = rounds.sweep(stage.root, directory.name)
    assert end.status != 0
    assert "alive" in end.answer["refused"]
    assert {name: (directory / name).read_bytes() for name in files} == files
    assert places.differences(stage.before, stage.upstream.look()) == []
    run = reopen(directory)
    assert run.status()["death"] == "", "its gate still answers"
    run.leave()


def test_a_sweep_that_was_killed_is_gone_on_with(stage: Any) -> None:
    run = inside.dead_run(stage.root, _FEW)
    process = rounds.sweeper(stage.root, run.name)
    places.until(lambda: b'"going"' in (run / NAME).read_bytes())
    process.kill()
    process.communicate()
    rounds.wait_dead(run)
    half = set(read_state(run / NAME).alive)
    assert half, "it was not half-way"
    assert rounds.sweep(stage.root, run.name).status == 0
    assert places.differences(stage.before, stage.upstream.look()) == []
    assert not read_state(run / NAME).alive


@pytest.mark.parametrize("shift", [-_DAY, _DAY], ids=["behind", "ahead"])
def test_a_clock_that_was_wrong_loses_nothing(stage: Any, shift: float) -> None:
    """And no create was answered, so that times could matter."""
    run = inside.dead_run(stage.root, _FEW)
    kept = [line for line in _lines(run) if line["ledger"] not in {"made", "owned"}]
    _write(run, ({**line, "at": line["at"] + shift} if "at" in line else line for line in kept))
    assert inside.swept(run).left == ()
    assert places.differences(stage.before, stage.upstream.look()) == []


# What the last lines of a ledger may be: creates with names and without, with what comes along, and removals.
@pytest.mark.parametrize("last", ["table", "key", "topic", "stack"])
def test_a_ledger_without_its_end_loses_nothing(stage: Any, last: str) -> None:
    """Cut at every byte of its last three lines it still tells all; cut within each of them it is swept for real."""
    for which in range(3):
        run = inside.dead_run(stage.root, ["logs", last])
        whole = (run / NAME).read_bytes()
        starts = [0, *(at + 1 for at, byte in enumerate(whole[:-1]) if byte == ord("\n"))]
        full = read_state(run / NAME)
        if which == 0:
            for cut in range(starts[-3], len(whole)):
                (run / NAME).write_bytes(whole[:cut])
                missing = [entry.name for entry in full.alive.values() if not _is_told(entry, _taken_up(run))]
                assert missing == [], f"cut at {cut} of {len(whole)}"
        end = starts[-which] if which else len(whole)
        (run / NAME).write_bytes(whole[: (starts[-which - 1] + end) // 2])
        told = inside.past_of(run).state
        assert all(_is_told(entry, told) for entry in full.alive.values())
        assert inside.swept(run).left == ()
        assert places.differences(stage.before, stage.upstream.look()) == []


def _taken_up(run: Path) -> State:
    state = read_state(run / NAME)
    for line in lost(run / "events.jsonl", state, (run / "namespace").read_text(encoding="ascii")):
        state.apply(line)
    return state


def _is_told(entry: Entry, state: State) -> bool:
    """Whether it is alive there, or something without a name of the same kind that the same call made, or its stack."""
    alike = (one for one in state.alive.values() if one.type == entry.type and one.claims.keys() & entry.claims.keys())
    if any(one.key == entry.key or not one.complete for one in alike):
        return True
    return bool(entry.stack) and state.holds(_STACK, entry.region, {"StackName": entry.stack})
