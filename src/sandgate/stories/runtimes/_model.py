"""What a runtime of stories is: how a clean environment is made, entered, and reaches the gate.

An environment is made before the gate is started: nothing that is built or installed sees a variable of AWS, and what
it fetches from a package index is no business of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandgate.core.registry import discover
from sandgate.errors import EnvironmentFault
from sandgate.stories.guarding import Guarded
from sandgate.stories.model import Story
from sandgate.stories.packages import Package

__all__ = ["Built", "Command", "GateFacts", "Place", "Plan", "Runtime", "check_python", "runtimes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is made."""

    story: Story
    package: Package
    folder: Path
    """A private folder for whatever is needed on this machine while the story lasts."""
    project: Path
    """The folder that examples are relative to."""
    hidden: frozenset[Path] = frozenset()
    """Files that no story gets, whatever it names: the env files of the project."""
    image: str = ""
    """Image that container runtimes begin with; empty is as the story says."""
    keep: bool = False
    """Whether the environment stays for a person to look at."""
    say: Callable[[str], None] = lambda _text: None
    """Told what is happening."""
    guard: Guarded | None = None

    def will(self, *programs: Sequence[str]) -> None:
        """Name programs that remove what is about to be made, should the story be killed."""
        if self.guard is not None and not self.keep:
            self.guard.will(*programs)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """How the gate can be reached."""

    port: int
    """Of the gate on 127.0.0.1; the same inside."""
    proxy_port: int
    """Of the gate as a proxy; likewise."""
    lay_out: Callable[[Path, str], None]
    """Makes the folder, of that path, with the files that steps read, and that is told where it stands inside."""
    door: Callable[[], Path]
    """Opens the folder with the unix socket to which ports of other network namespaces are handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to start on this machine, for one step."""

    line: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path


class Place(Protocol):
    """A clean environment from which the gate can be reached."""

    @property
    def notes(self) -> tuple[str, ...]:
        """How it reaches the gate, and what else it can reach; for the transcript."""

    @property
    def kit(self) -> str:
        """Where the folder with the files that steps read stands."""

    def command(self, script: str, settings: Mapping[str, str]) -> Command:
        """What runs a script for `sh` there.

        Args:
            script: its text.
            settings: variables, on top of those of the environment itself.
        """

    def end(self) -> None:
        """End what still runs there, beyond the processes of the command itself."""


class Built(Protocol):
    """A clean environment that was made, without the gate."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What it is, for the transcript."""

    def ask(self, script: str, *arguments: str) -> str:
        """Run a Python script there.

        Returns:
            What it printed.

        Raises:
            EnvironmentFault: it failed.
        """

    def enter(self, gate: GateFacts) -> AbstractContextManager[Place]:
        """The environment with a way to the gate.

        Raises:
            EnvironmentFault: there is none.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One runtime."""

    name: str
    title: str
    absent: Callable[[], str]
    """Why it cannot be used on this machine; empty if it can."""
    build: Callable[[Plan], AbstractContextManager[Built]]
    """Makes the environment; what it raises is an `EnvironmentFault`."""


def check_python(story: Story, version: str, *, where: str) -> None:
    """See that an environment has the Python that its story asks for.

    Args:
        story: it.
        version: of the environment's.
        where: that is.

    Raises:
        EnvironmentFault: it has another.
    """
    wanted = story.python
    if wanted and version != wanted and not version.startswith(f"{wanted}."):
        raise EnvironmentFault(
            f"the story asks for Python {wanted}, and got {version}",
            where=where,
            hint=f"install Python {wanted}, or take an image that has it",
        )


def runtimes() -> Mapping[str, Runtime]:
    """Every runtime by name."""
    return discover("sandgate.stories.runtimes", "RUNTIME", Runtime)
