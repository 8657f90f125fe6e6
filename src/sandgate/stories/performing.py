"""A story is performed: temporary resources, then step after step, each held against what was expected of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandgate.core.environment import ChildFacts
from sandgate.core.registry import lookup
from sandgate.errors import ConfigError
from sandgate.ledger.book import NAME as LEDGER
from sandgate.ledger.book import read_state
from sandgate.ledger.entry import Identity
from sandgate.stories.guarding import MARK, Guarded
from sandgate.stories.judging import captured, complaints, effects, own_entries, succeeded
from sandgate.stories.model import Step, Story
from sandgate.stories.running import Outcome, StepProcess
from sandgate.stories.runtimes._model import Place
from sandgate.stories.settings import aws_settings, check_values, expand, shown_line
from sandgate.stories.temporary._model import temporaries
from sandgate.stories.transcript import Transcript

__all__ = ["Result", "Stage", "Wait", "perform"]

_ASKED = ("the story was asked to end",)
Wait = Callable[[Callable[[], StepProcess]], int]
"""Starts a step and waits for its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The run that a story is performed in."""

    run: str
    directory: Path
    facts: ChildFacts
    account: str
    prefix: str
    """Names of the run begin with it: `test-NAMESPACE`."""
    clients: Callable[[str], Any]
    mark: Callable[[], int]
    """Where the next event of the log begins; what was answered stands before it."""
    guard: Guarded
    stopped: Callable[[], bool]
    """Whether a person asked it to end."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Variables of `stories/.env` and of the shell that the story asks for; templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a story ended."""

    failed: str = ""
    """Name of the step that failed; empty where all is well."""
    complaints: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    """Lines to type, for a person."""
    status: int = 0
    """Exit status."""


def perform(story: Story, place: Place, stage: Stage, transcript: Transcript, wait: Wait) -> Result:
    """Perform it.

    Args:
        story: it.
        place: where its steps run.
        stage: the run.
        transcript: told everything.
        wait: starts a step and waits for it.

    Raises:
        ConfigError: a variable of it is wrong.
        SandgateError: a temporary resource cannot be made.
    """
    places = _places(story, stage)
    where = f"story {story.name}"
    own = {**story.environment, **stage.given}
    check_values(own, where=where)
    variables = {name: expand(value, places, where=where) for name, value in own.items()}
    made: list[tuple[str, str]] = []
    try:
        provided = _provide(story, stage, variables, made, transcript)
        variables |= provided
        show = _Performance(story=story, place=place, stage=stage, transcript=transcript, wait=wait, places=places)
        show.provided = frozenset(read_state(stage.directory / LEDGER).alive)
        return show.steps(variables)
    finally:
        _take_away(stage, made, transcript)


def _places(story: Story, stage: Stage) -> dict[str, str]:
    facts = stage.facts
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandgate:{stage.run}:{facts.namespace}")),
        "prefix": stage.prefix,
        "namespace": facts.namespace,
        "run": stage.run,
        "story": story.name,
        "region": facts.region,
        "account": stage.account,
        "gate_url": facts.gate_url,
        "run_key": facts.access_key_id,
        "run_secret": facts.secret_access_key,
    }


def _provide(
    story: Story, stage: Stage, set_already: Mapping[str, str], made: list[tuple[str, str]], transcript: Transcript
) -> dict[str, str]:
    """Make temporary resources for variables that are not set; `made` gets each as soon as it is there."""
    found: dict[str, str] = {}
    kinds = temporaries()
    for variable, kind in story.temporary.items():
        temporary = lookup(kinds, kind, what="type of temporary resources", where=f"{story.folder}, temporary")
        if set_already.get(variable):
            continue
        name = f"{stage.prefix}-{variable.lower().replace('_', '-')}"[:60].rstrip("-")
        found[variable] = temporary.make(stage.clients, name, stage.facts.region)
        made.append((kind, found[variable]))
        transcript.say("story", f"made {kind} {found[variable]} for {variable}")
    return found


def _take_away(stage: Stage, made: list[tuple[str, str]], transcript: Transcript) -> None:
    """What cannot be removed here is left to the run's sweep, which tells it as a leftover."""
    for kind, value in reversed(made):
        try:
            temporaries()[kind].remove(stage.clients, value)
        except Exception as error:  # noqa: BLE001 - of botocore, whatever the upstream says; the sweep comes next
            transcript.say("story", f"{kind} {value} could not be removed: {type(error).__name__}")


@dataclass(slots=True, kw_only=True)
class _Performance:
    story: Story
    place: Place
    stage: Stage
    transcript: Transcript
    wait: Wait
    places: Mapping[str, str]
    provided: frozenset[Identity] = frozenset()

    def steps(self, variables: dict[str, str]) -> Result:
        for number, step in enumerate(self.story.steps, 1):
            name = step.name or f"step {number}"
            if self.stage.stopped():
                return self._failed(name, _ASKED, variables, 1)
            wrong, outcome = self._step(step, name, variables)
            if self.stage.stopped():
                return self._failed(name, _ASKED, variables, 1)
            if wrong:
                return self._failed(name, wrong, variables, outcome.status or 1)
        return Result()

    def _failed(self, name: str, wrong: tuple[str, ...], variables: Mapping[str, str], status: int) -> Result:
        for text in wrong:
            self.transcript.say("story", f"{name}: {text}")
        advice = tuple(shown_line(line, variables) for line in self.story.on_failure)
        return Result(failed=name, complaints=wrong, advice=advice, status=status)

    def _step(self, step: Step, name: str, variables: dict[str, str]) -> tuple[tuple[str, ...], Outcome]:
        limit = step.timeout or self.story.timeout
        where = f"story {self.story.name}, {name}"
        check_values(step.environment, where=where)
        own = {**variables, **{key: expand(text, self.places, where=where) for key, text in step.environment.items()}}
        mark = self.stage.guard.new_mark()
        settings = {**own, **aws_settings(self.stage.facts, own), MARK: mark}
        command = self.place.command(step.run, settings)
        self.transcript.say("story", f"{name}: {' '.join(step.run.split())} (at most {limit:g} s)")
        before = self.stage.mark()
        process: list[StepProcess] = []

        def start() -> StepProcess:
            end, begun = self.place.end, self.stage.guard.begun
            process.append(StepProcess(command, limit=limit, heard=self._heard(name), end=end, mark=mark, begun=begun))
            return process[0]

        try:
            self.wait(start)
        except OSError as error:
            raise ConfigError(f"cannot run a step: {error.strerror}", where=where) from error
        finally:
            outcome = process[0].finish() if process else None
        assert outcome is not None
        after = self.stage.mark()
        self.transcript.say("story", f"{name}: exit status {outcome.status} after {outcome.seconds:.1f} s")
        found, missing = captured(step.capture, outcome)
        variables |= found
        wrong = list(complaints(step.expect, outcome, limit))
        if not wrong:
            wrong += [f"{one} was to be captured, and {step.capture[one]!r} is not in its output" for one in missing]
            wrong += self._effects(step, before, after)
        return tuple(wrong), outcome

    def _heard(self, name: str) -> Callable[[str, str], None]:
        def heard(stream: str, text: str) -> None:
            with suppress(ValueError, OSError):  # of a transcript that is closed already, or a full disk
                self.transcript.say(f"{name} {stream}", text)

        return heard

    def _effects(self, step: Step, before: int, after: int) -> list[str]:
        state = read_state(self.stage.directory / LEDGER)
        entries = own_entries(state, self.provided)
        calls = succeeded(_events(self.stage.directory / "events.jsonl", before, after))
        return list(effects(step.expect, entries, calls))


def _events(path: Path, start: int, end: int) -> list[Mapping[str, Any]]:
    with path.open("rb") as file:
        file.seek(start)
        return [json.loads(line) for line in file.read(end - start).splitlines()]
