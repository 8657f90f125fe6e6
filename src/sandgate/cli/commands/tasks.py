"""`sandgate tasks`: the life of an identity as tasks of the runner that a project has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from sandgate.cli._here import here
from sandgate.cli._model import Command
from sandgate.core.registry import nearest
from sandgate.errors import UsageError

__all__ = ["COMMAND"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One task."""

    name: str
    doc: str
    command: str
    alias: str = ""
    """Another name, as projects with CDK have it."""


_TASKS = (
    _Task(name="up", doc="Make the identity of the tests, and its key", command="sandgate up", alias="cdk-up"),
    _Task(name="integration", doc="Run the tests on the embedded AWS", command="sandgate run -- pytest"),
    _Task(
        name="integration-sandbox",
        doc="Run the tests on the sandbox account",
        command="sandgate run --tier sandbox -- pytest",
    ),
    _Task(name="rotate", doc="Give the identity a new key", command="sandgate rotate"),
    _Task(name="sweep", doc="Remove what dead runs have left", command="sandgate sweep"),
    _Task(
        name="down", doc="Remove the identity, with its key and secrets", command="sandgate down --sweep",
        alias="cdk-down",
    ),
)  # fmt: skip


def _make(task: _Task) -> str:
    names = " ".join(filter(None, (task.name, task.alias)))
    alias = f"{task.alias}: {task.name}\n" if task.alias else ""
    return f".PHONY: {names}\n{alias}{task.name}: ## {task.doc}\n\t{task.command}\n"


def _just(task: _Task) -> str:
    alias = f"alias {task.alias} := {task.name}\n" if task.alias else ""
    return f"# {task.doc}\n{task.name}:\n    {task.command}\n{alias}"


def _mise(task: _Task) -> str:
    alias = f'alias = "{task.alias}"\n' if task.alias else ""
    return f'[tasks.{task.name}]\ndescription = "{task.doc}"\nrun = "{task.command}"\n{alias}'


_RUNNERS: Mapping[str, Callable[[_Task], str]] = MappingProxyType({"make": _make, "just": _just, "mise": _mise})
_FILES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"mise": ("mise.toml", ".mise.toml"), "just": ("justfile", "Justfile", ".justfile")}
)


def _tasks(
    runner: Annotated[
        str,
        typer.Argument(
            metavar="RUNNER",
            help="make, just or mise; else the one whose file stands here, or make.",
            autocompletion=lambda: list(_RUNNERS),
        ),
    ] = "",
) -> None:
    chosen = runner or _runner_of(here())
    if chosen not in _RUNNERS:
        close = nearest(chosen, _RUNNERS)
        hint = f"did you mean {close!r}?" if close else f"one of {', '.join(_RUNNERS)}"
        raise UsageError(f"there are no tasks for {chosen!r}", where="command line", hint=hint)
    typer.echo("\n".join(_RUNNERS[chosen](task) for task in _TASKS), nl=False)


def _runner_of(folder: Path) -> str:
    found = (name for name, files in _FILES.items() if any((folder / file).is_file() for file in files))
    return next(found, "make")


COMMAND = Command.of(
    _tasks,
    name="tasks",
    help="Print tasks for make, just or mise: up, tests, rotate, down, under CDK's usual names too.",
    examples=("sandgate tasks make >> Makefile", "sandgate tasks just >> justfile", "sandgate tasks mise >> mise.toml"),
)
