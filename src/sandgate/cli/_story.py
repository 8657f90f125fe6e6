"""A story through a gate of its own: build, start, perform, end, explain."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from sandgate.cli._child import Signals
from sandgate.cli._explain import explanation_lines
from sandgate.cli._gated import gated, refuse_inside
from sandgate.cli._lines import show
from sandgate.cli._options import read_config
from sandgate.config.model import Config
from sandgate.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from sandgate.core.environment import ChildFacts
    from sandgate.run import Run
    from sandgate.stories.guarding import Guarded
    from sandgate.stories.model import Story
    from sandgate.stories.packages import Source
    from sandgate.stories.performing import Stage
    from sandgate.stories.runtimes._model import Built, GateFacts, Plan, Runtime

__all__ = ["Chosen", "run_story", "stories_folder", "version_choice"]

_DEFAULT = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the command line says of a story's run."""

    source: Source = "index"
    version: str = ""
    runtime: str = ""
    image: str = ""


def stories_folder(config: Config) -> Path:
    """The folder of the stories."""
    return config.root / config.stories


def run_story(name: str, chosen: Chosen, overrides: Mapping[str, object]) -> int:
    """Run a story through a gate of its own, and print the summary.

    Args:
        name: of the story.
        chosen: which build of the tool, and where.
        overrides: options of the configuration from the command line; `None` means not given.

    Returns:
        The exit status.

    Raises:
        SandgateError: the story cannot be read, built or started.
    """
    from sandgate.stories.checking import check_runtime, check_story  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.stories.finding import find_story  # noqa: PLC0415
    from sandgate.stories.guarding import guarded  # noqa: PLC0415

    refuse_inside()
    config = read_config(**overrides)
    folder = stories_folder(config)
    story = find_story(folder, name)
    given = _given(folder, story)
    check_story(story, given)
    runtime = _runtime(chosen.runtime or (*story.runtimes, _DEFAULT)[0])
    check_runtime(story, runtime.name)
    with guarded() as guard, _plan(config, story, chosen, guard) as plan, runtime.build(plan) as built:
        proof = _prove(plan, built)
        show([f"sandgate: story {story.name}: {plan.package.story}"], err=True)

        def body(run: Run, signals: Signals) -> int:
            return _perform(plan, runtime, built, given, run, signals, proof)

        return gated(config, ("story", name), body)


def _given(folder: Path, story: Story) -> dict[str, str]:
    """Variables of `.env` beside the stories, which those of the shell go before; of the shell's only named ones."""
    from sandgate.config.env_file import read_env_file  # noqa: PLC0415
    from sandgate.stories.settings import check_values  # noqa: PLC0415

    path = folder / ".env"
    found = read_env_file(path) if path.is_file() else {}
    check_values(found, where=str(path))
    for name in (*story.requires, *story.temporary, *found):
        if os.environ.get(name) and not name.startswith("AWS_"):
            found[name] = os.environ[name]
    return {name: value for name, value in found.items() if value}


def _runtime(name: str) -> Runtime:
    from sandgate.core.registry import lookup  # noqa: PLC0415
    from sandgate.stories.runtimes._model import runtimes  # noqa: PLC0415

    runtime = lookup(runtimes(), name, what="runtime", where="--runtime")
    if why := runtime.absent():
        raise EnvironmentFault(
            f"the runtime {name} cannot be used here: {why}",
            where="--runtime",
            hint="install it, or take `--runtime process`, which needs nothing",
        )
    return runtime


@contextmanager
def _plan(config: Config, story: Story, chosen: Chosen, guard: Guarded) -> Iterator[Plan]:
    from sandgate.config.env_file import env_paths  # noqa: PLC0415
    from sandgate.session import cache_directory  # noqa: PLC0415
    from sandgate.stories.packages import provide, tool_name  # noqa: PLC0415
    from sandgate.stories.runtimes._model import Plan  # noqa: PLC0415
    from sandgate.stories.workspace import workspace  # noqa: PLC0415

    checkout = config.root / story.package
    with workspace(cache_directory(config) / "stories", keep=config.keep) as folder:
        package = provide(
            chosen.source,
            name=story.tool or tool_name(checkout),
            version=chosen.version,
            folder=checkout,
            builds=_builds(config),
            place=folder,
            say=_say,
        )
        yield Plan(
            story=story,
            package=package,
            folder=folder,
            project=config.root,
            hidden=frozenset(path.resolve() for path in env_paths(config)),
            image=chosen.image,
            keep=config.keep,
            say=_say,
            guard=guard,
        )
        if config.keep:
            _say(f"the story's folder is kept: {folder}")


def _builds(config: Config) -> Path:
    """Where builds of the tool are kept: with the runs, which no repository holds."""
    folder = config.root / ".sandgate"
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder / "builds"


def _say(text: str) -> None:
    show([f"sandgate: {text}"], err=True)


def _prove(plan: Plan, built: Built) -> tuple[str, ...]:
    """See that what is installed is what was built, file by file, or the version that was asked for.

    Returns:
        What is installed, in words; nothing where there is no tool, or it cannot be asked and need not be.

    Raises:
        EnvironmentFault: something else is installed.
    """
    from sandgate.stories.packages import ASK_INSTALLED, differing_files, installed_version  # noqa: PLC0415

    package = plan.package
    if not package.name:
        return ()
    hint = "let the Dockerfile install <TOOL>_PKG and <TOOL>_VERSION as they are given, and nothing over it"
    try:
        said = built.ask(ASK_INSTALLED, package.name)
    except EnvironmentFault as error:
        if package.wheel is None and not package.version:  # a Dockerfile may put the newest wherever it likes
            return ()
        text = f"{package.name} is not installed where the story's python3 finds it"
        raise EnvironmentFault(text, where=error.where, hint=hint) from error
    if differing := differing_files(package, said):
        text = f"what is installed is not the build of this checkout: {', '.join(differing[:3])} differ"
        raise EnvironmentFault(text, where=str(package.wheel), hint=hint)
    version, wanted = installed_version(package, said)
    if not wanted:
        text = f"{package.name} {version} is installed, and {package.version} was asked for"
        raise EnvironmentFault(text, where="--version", hint=hint)
    return (f"{package.name} {version} is installed",)


def _perform(
    plan: Plan,
    runtime: Runtime,
    built: Built,
    given: Mapping[str, str],
    run: Run,
    signals: Signals,
    proof: tuple[str, ...],
) -> int:
    from sandgate.stories.kit import within  # noqa: PLC0415
    from sandgate.stories.performing import perform  # noqa: PLC0415
    from sandgate.stories.running import StepProcess  # noqa: PLC0415
    from sandgate.stories.transcript import NAME, Transcript  # noqa: PLC0415

    assert plan.guard is not None
    stage = _stage(run, signals, given, plan.guard)
    secrets = (stage.facts.secret_access_key, urlsplit(stage.facts.proxy_url).password or "")
    path = run.directory / NAME
    transcript = Transcript(path, show=typer.echo, secrets=secrets)

    def wait(start: Callable[[], StepProcess]) -> int:
        return signals.run((), {}, lambda _command, _environ: start())

    try:
        transcript.say("story", f"{plan.story.title}; run {run.id}, tier {run.tier}, runtime {runtime.name}")
        with built.enter(_gate(run, stage.facts)) as place:
            for note in (plan.package.story, *proof, *built.notes, *place.notes):
                transcript.say("story", note)
            inside = replace(stage, facts=within(stage.facts, place.kit))
            result = perform(plan.story, place, inside, transcript, wait)
    finally:
        transcript.close()
    if result.failed:
        show(_failure_lines(run, plan.story.name, result.failed, result.complaints, result.advice), err=True)
        show(explanation_lines(run.directory, run.id), err=True)
    _say(f"transcript {path}")
    return result.status


def _stage(run: Run, signals: Signals, given: Mapping[str, str], guard: Guarded) -> Stage:
    from sandgate.stories.performing import Stage  # noqa: PLC0415

    return Stage(
        run=run.id,
        directory=run.directory,
        facts=run.facts(),
        account=run.account,
        prefix=f"{run.config.prefix[0]}-{run.namespace}",
        # What is provided for a story is no evidence of what it did.
        clients=run.deployer_clients(),
        mark=run.mark,
        guard=guard,
        stopped=lambda: signals.interrupted,
        given=given,
    )


def _gate(run: Run, facts: ChildFacts) -> GateFacts:
    from sandgate.stories.kit import lay_out_kit  # noqa: PLC0415
    from sandgate.stories.runtimes._model import GateFacts  # noqa: PLC0415

    return GateFacts(
        port=int(run.gate_url.rpartition(":")[2]),
        proxy_port=run.proxy_port,
        lay_out=partial(lay_out_kit, facts),
        door=lambda: run.open_door()[0],
    )


def _failure_lines(
    run: Run, story: str, step: str, complaints: tuple[str, ...], advice: tuple[str, ...]
) -> Iterator[str]:
    yield f"story {story}: failed at {step}"
    yield from (f"  {text}" for text in complaints)
    if advice:
        yield "  to look further, or to destroy by hand where the run was kept (--keep):"
        yield from (f"    {line}" for line in advice)
    if not advice:
        yield f"  `sandgate explain {run.id}` says what is known about it"


def version_choice(version: str, *, local: bool, no_build: bool) -> tuple[Source, str]:
    """Which build the options choose.

    Raises:
        UsageError: more than one is chosen, or the version is none.
    """
    if sum((bool(version), local, no_build)) > 1:
        raise UsageError("--version, --local and --no-build exclude each other", hint="give one of them, or none")
    if local:
        return "local", ""
    if no_build:
        return "no-build", ""
    if not version:
        return "index", ""
    if not re.fullmatch(r"(==|~=|>=|<=|<|>)[A-Za-z0-9.+!*-]+", version):
        raise UsageError(f"{version!r} is no version", where="--version", hint="with what goes before it: '==1.2.3'")
    return "version", version
