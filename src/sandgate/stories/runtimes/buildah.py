"""The runtime `buildah`: an image in a chroot, with no daemon and no container; the network is this machine's own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandgate.stories.kit import NAME
from sandgate.stories.programs import build_environment, run_program
from sandgate.stories.runtimes._containers import KIT, build_image, check_image, container_name, settings_of, tidy
from sandgate.stories.runtimes._model import Built, Command, GateFacts, Place, Plan, Runtime

__all__ = ["RUNTIME"]

_PROGRAM = "buildah"
_CHROOT = ("--isolation", "chroot")
_SETTINGS = "settings.sh"
_WITH_SETTINGS = f'. {KIT}/{_SETTINGS}; exec /bin/sh -ec "$1"'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Container:
    name: str
    folder: Path
    in_image: str
    notes: tuple[str, ...]

    def ask(self, script: str, *arguments: str) -> str:
        line = (_PROGRAM, "run", *_CHROOT, self.name, "--", "python3", "-c", script, *arguments)
        return run_program(line, what="ask the story's Python")

    @contextmanager
    def enter(self, gate: GateFacts) -> Iterator[Place]:
        gate.lay_out(self.folder / NAME, KIT)
        yield _Place(container=self, notes=("a chroot: the network is this machine's own, and so is the gate's port",))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    container: _Container
    notes: tuple[str, ...]
    kit: str = KIT

    def command(self, script: str, settings: Mapping[str, str]) -> Command:
        # In a file: as options they would stand in the list of processes, for every user of this machine.
        given = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings_of(settings).items())
        kit = self.container.folder / NAME
        (kit / _SETTINGS).write_text(given, encoding="utf-8")
        shell = ("/bin/sh", "-c", _WITH_SETTINGS, "sh", self.container.in_image or script)
        line = (_PROGRAM, "run", *_CHROOT, "--volume", f"{kit}:{KIT}:ro", self.container.name, "--", *shell)
        return Command(line=line, environ=build_environment(), folder=self.container.folder)

    def end(self) -> None:
        """Nothing: what runs in a chroot is a process of this machine, and ended as such."""


def _absent() -> str:
    if shutil.which(_PROGRAM) is None:
        return "buildah is not installed"
    done = subprocess.run((_PROGRAM, "info"), capture_output=True, text=True, check=False)  # noqa: S603
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it does not start"])[-1]


@contextmanager
def _build(plan: Plan) -> Iterator[Built]:
    tidy((_PROGRAM, "containers", "--format", "{{.ContainerName}}"), (_PROGRAM, "rm"))
    tidy((_PROGRAM, "images", "--format", "{{.Name}}"), (_PROGRAM, "rmi", "--force"))
    name = container_name(keep=plan.keep)
    removal = (_PROGRAM, "rm", name), (_PROGRAM, "rmi", "--force", f"localhost/{name}")
    plan.will(*removal)
    build = (_PROGRAM, "build", *_CHROOT, "--pull-never" if plan.image else "--pull")
    in_image = build_image(plan, build, name)
    try:
        run_program((_PROGRAM, "from", "--pull-never", "--name", name, f"localhost/{name}"), what="make the container")
        container = _Container(name=name, folder=plan.folder, in_image=in_image, notes=(f"buildah, pid {os.getpid()}",))
        check_image(plan, container)
        yield container
    finally:
        if plan.keep:
            plan.say(f"the story's container and image are kept: {name}")
        for line in () if plan.keep else removal:
            subprocess.run(line, capture_output=True, check=False)  # noqa: S603


RUNTIME = Runtime(
    name="buildah",
    title="An image in a chroot: works where no daemon runs, and without a registry for images that are here.",
    absent=_absent,
    build=_build,
)
