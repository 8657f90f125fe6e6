"""What a person asked to end is ended, and told as that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandgate.core.environment import ChildFacts
from sandgate.errors import ConfigError
from sandgate.stories.guarding import guarded
from sandgate.stories.model import Step, Story
from sandgate.stories.performing import Result, Stage, perform
from sandgate.stories.running import StepProcess
from sandgate.stories.runtimes._model import Command
from sandgate.stories.transcript import Transcript


class Here:
    """A place that is this one."""

    notes: tuple[str, ...] = ()
    kit = "/kit"

    def command(self, script: str, settings: Any) -> Command:
        return Command(line=("/bin/sh", "-ec", script), environ=settings, folder=Path.cwd())

    def end(self) -> None:
        """Nothing is left."""


def performed(folder: Path, story: Story, *, stop_after: int) -> tuple[Result, list[str]]:
    facts = ChildFacts(
        gate_url="http://127.0.0.1:1", access_key_id="K", secret_access_key="s", region="eu-west-1",
        run_dir="/run", worker="main", namespace="abc", empty_file="/run/empty",
    )  # fmt: skip
    (folder / "events.jsonl").touch()
    steps: list[StepProcess] = []

    def wait(start: Any) -> int:
        steps.append(start())
        while steps[-1].poll() is None:
            pass
        return 0

    shown: list[str] = []
    with guarded() as guard:
        stage = Stage(
            run="r", directory=folder, facts=facts, account="000000000000", prefix="test-abc",
            clients=lambda _service: None, mark=lambda: 0, guard=guard, stopped=lambda: len(steps) >= stop_after,
            given={"WHO": "{run}"},
        )  # fmt: skip
        transcript = Transcript(folder / "transcript.txt", show=shown.append)
        try:
            return perform(story, Here(), stage, transcript, wait), shown
        finally:
            transcript.close()


def story(*lines: str) -> Story:
    steps = tuple(Step(run=line) for line in lines)
    return Story(name="s", folder="/p/s", steps=steps, on_failure=("lamp destroy --uuid $WHO",))


@pytest.mark.parametrize("after", [0, 1])
def test_a_story_that_is_asked_to_end_begins_no_step_and_says_how_to_destroy(tmp_path: Path, after: int) -> None:
    result, shown = performed(tmp_path, story("echo one", "echo two"), stop_after=after)
    assert (result.failed, result.complaints) == ("step 1", ("the story was asked to end",))
    assert result.advice == ("lamp destroy --uuid r",)
    assert result.status == 1
    assert [line.endswith("| one") for line in shown].count(True) == after
    assert not any("| two" in line for line in shown)


def test_a_story_that_does_as_expected_has_no_failure(tmp_path: Path) -> None:
    result, _ = performed(tmp_path, story("test $WHO = r"), stop_after=2)
    assert result == Result()
    with pytest.raises(ConfigError, match=r"nothing called \{who\}"):
        performed(tmp_path, replace(story("true"), environment={"A": "{who}"}), stop_after=2)
