"""What runtimes with images share: names, building, and engines that are spoken to as docker is."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandgate.control import handover
from sandgate.control.door import INLET
from sandgate.control.view import FOLDER
from sandgate.errors import EnvironmentFault
from sandgate.stories.kit import NAME
from sandgate.stories.model import MORE_TIME
from sandgate.stories.programs import build_environment, run_program
from sandgate.stories.runtimes._images import prepare_context
from sandgate.stories.runtimes._model import Built, Command, GateFacts, Place, Plan, check_python

__all__ = ["KIT", "absent", "build_image", "check_image", "container_name", "engine", "settings_of", "tidy"]

_NAME, _KEPT = "sandgate-story-", "sandgate-kept-"
_HANDED = "/opt/sandgate-handover.py"
KIT = "/opt/sandgate-kit"
"""Where the files that steps read stand in an image."""
_IDLE = ("-c", "trap 'exit 0' TERM; sleep 86400 & wait")
"""For a shell, which takes care of orphans; engines' own init is a program that podman comes without."""
_HINT = "`sandgate story list` says which runtimes work"
_LABEL = ("--security-opt", "label=disable")
"""Where SELinux labels containers, none of them may read a folder of this user, or connect to a socket of a process."""
_LISTENS = "import socket, sys; [socket.create_connection(('127.0.0.1', int(p)), 5).close() for p in sys.argv[1:]]"
_NO_WAY = "the container reaches neither the host's network nor a unix socket of this machine"


def container_name(*, keep: bool) -> str:
    """A new name, which tells whose container it is, or that a person wants to look at it."""
    return f"{_KEPT if keep else _NAME}{os.getpid()}-{secrets.token_hex(3)}"


def tidy(listing: Sequence[str], remove: Sequence[str]) -> None:
    """Remove containers, or images, of stories that were killed together with their guardian.

    Args:
        listing: prints the names of them all.
        remove: removes one.
    """
    done = subprocess.run(listing, capture_output=True, text=True, check=False)  # noqa: S603
    for name in done.stdout.split():
        own = name.removeprefix("localhost/")
        owner = own.removeprefix(_NAME).partition("-")[0]
        if own.startswith(_NAME) and owner.isdecimal() and not _lives(int(owner)):
            subprocess.run((*remove, name), capture_output=True, check=False)  # noqa: S603


def _lives(pid: int) -> bool:
    with contextlib.suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


def settings_of(settings: Mapping[str, str]) -> dict[str, str]:
    """What a container is told: everything but what it knows better."""
    return {name: value for name, value in settings.items() if name not in ("PATH", "HOME")}


def build_image(plan: Plan, build: Sequence[str], name: str) -> str:
    """Build the image of a story.

    Args:
        plan: it.
        build: program and options.
        name: of the image.

    Returns:
        What runs there in place of a bare story's one step; empty for nothing.

    Raises:
        EnvironmentFault: it does not build.
    """
    context = prepare_context(plan)
    plan.say("building the image")
    given = [word for key, value in context.arguments for word in ("--build-arg", f"{key}={value}")]
    line = (*build, *given, "--tag", f"localhost/{name}", str(context.folder))
    hint = "mend its Dockerfile, or name an image that is here: --image"
    limit = plan.story.setup_timeout
    run_program(line, what="build the story's image", hint=hint, limit=limit, more_time=MORE_TIME)
    return context.in_image


def check_image(plan: Plan, built: Built) -> None:
    """See that an image that nobody wrote a Dockerfile for has the story's Python.

    Raises:
        EnvironmentFault: it has another.
    """
    if plan.story.python and not plan.story.dockerfile:
        said = built.ask("import platform; print(platform.python_version())")
        check_python(plan.story, said.strip(), where=plan.image or plan.story.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Container:
    program: str
    name: str
    folder: Path
    in_image: str
    notes: tuple[str, ...]

    def ask(self, script: str, *arguments: str) -> str:
        line = (self.program, "run", "--rm", "--network", "none", "--entrypoint", "python3", f"localhost/{self.name}")
        return run_program((*line, "-c", script, *arguments), what="ask the story's Python")

    @contextmanager
    def enter(self, gate: GateFacts) -> Iterator[Place]:
        gate.lay_out(self.folder / NAME, KIT)
        note = self._on_host_network(gate) or self._by_socket(gate)
        try:
            yield _Place(container=self, notes=(note,))
        finally:
            self.remove()

    def remove(self) -> None:
        """Remove the container, with all that runs in it."""
        subprocess.run((self.program, "rm", "--force", self.name), capture_output=True, check=False)  # noqa: S603

    def _start(self, *options: str) -> None:
        kit = ("--volume", f"{self.folder / NAME}:{KIT}:ro", *_LABEL)
        # What an image would start by itself is a step, and comes later.
        line = (self.program, "run", "--detach", "--entrypoint", "/bin/sh", "--name", self.name, *kit, *options)
        run_program((*line, f"localhost/{self.name}", *_IDLE), what="start the container", hint=_HINT)

    def _on_host_network(self, gate: GateFacts) -> str:
        """Start it on this machine's network, if the gate can be reached from there."""
        with contextlib.suppress(EnvironmentFault):
            self._start("--network", "host")
            ports = (str(gate.port), str(gate.proxy_port))
            line = (self.program, "exec", self.name, "python3", "-c", _LISTENS, *ports)
            run_program(line, what="reach the gate")
            return "on this machine's network, and the gate's ports with it"
        self.remove()
        return ""

    def _by_socket(self, gate: GateFacts) -> str:
        """Start it without a network: the gate itself accepts on a socket that is handed over from inside."""
        mounts = (f"{gate.door()}:{FOLDER}:ro", f"{handover.__file__}:{_HANDED}:ro")
        self._start("--network", "none", *(word for mount in mounts for word in ("--volume", mount)))
        ports = (str(gate.port), str(gate.proxy_port))
        hand = ("python3", "-I", "-S", _HANDED, str(FOLDER / INLET), ",".join(ports), "1", "/bin/sh", *_IDLE)
        for user in dict.fromkeys((str(os.getuid()), "0")):  # with a daemon of one's own, 0 inside is oneself
            subprocess.run(  # noqa: S603 - our own program
                (self.program, "exec", "--detach", "--user", user, self.name, *hand), capture_output=True, check=False
            )
            try:
                probe = _PATIENT.format(program=_LISTENS)
                run_program((self.program, "exec", self.name, "python3", "-c", probe, *ports), what="reach the gate")
            except EnvironmentFault:
                continue
            return "no network but the gate, by a unix socket"
        self.remove()
        raise EnvironmentFault(
            f"the gate cannot be reached from {self.program}: {_NO_WAY}",
            where=sys.platform,
            hint="take `--runtime process`, or run sandgate where the containers run",
        )


_PATIENT = """
import time
for number in range(50):
    try:
        {program}
        break
    except OSError:
        time.sleep(0.1)
else:
    raise SystemExit(1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    container: _Container
    notes: tuple[str, ...]
    kit: str = KIT

    def command(self, script: str, settings: Mapping[str, str]) -> Command:
        given = settings_of(settings)
        # By name alone: values are taken from the client's environment, and stand in no list of processes.
        names = [word for name in given for word in ("--env", name)]
        shell = ("/bin/sh", "-ec", self.container.in_image or script)
        line = (self.container.program, "exec", *names, self.container.name, *shell)
        return Command(line=line, environ={**build_environment(), **given}, folder=self.container.folder)

    def end(self) -> None:
        self.container.remove()


def absent(program: str) -> str:
    """Why an engine cannot be used on this machine; empty if it can."""
    if shutil.which(program) is None:
        return f"{program} is not installed"
    line = (program, "info", "--format", "{{.Name}}" if program == "docker" else "{{.Host.Hostname}}")
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
    except subprocess.TimeoutExpired:
        return "it does not answer"
    said = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else (said or [f"`{program} info` ends with status {done.returncode}"])[-1]


@contextmanager
def engine(plan: Plan, program: str, build: Sequence[str] = ()) -> Iterator[Built]:
    """A container of an engine that is spoken to as docker is.

    Args:
        plan: what is made.
        program: docker or podman.
        build: further options for building images.
    """
    tidy((program, "ps", "--all", "--format", "{{.Names}}"), (program, "rm", "--force"))
    tidy((program, "images", "--format", "{{.Repository}}"), (program, "rmi", "--force"))
    name = container_name(keep=plan.keep)
    plan.will((program, "rm", "--force", name), (program, "rmi", "--force", f"localhost/{name}"))
    # A tool from the index is asked for anew: a layer that was kept may hold an older one.
    fresh = ("--no-cache",) if plan.package.wheel is None else ()
    in_image = build_image(plan, (program, "build", *build, *fresh), name)
    container = _Container(program=program, name=name, folder=plan.folder, in_image=in_image, notes=(program,))
    try:
        check_image(plan, container)
        yield container
    finally:
        if plan.keep:
            plan.say(f"the story's image is kept: localhost/{name}")
        else:
            container.remove()
            line = (program, "rmi", "--force", f"localhost/{name}")
            subprocess.run(line, capture_output=True, check=False)  # noqa: S603
