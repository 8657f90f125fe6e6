"""The runtime `process`: a fresh virtual environment, home and working folder; in namespaces where bubblewrap is there.

Inside of bubblewrap nothing of this machine is visible but the system's programs, and there is no network but the gate,
whose port is handed over as `sandgate run --isolate` does it. What a step starts ends with the step.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandgate.control import handover
from sandgate.control.door import INLET
from sandgate.control.view import FOLDER
from sandgate.errors import EnvironmentFault
from sandgate.stories.kit import NAME as KIT
from sandgate.stories.material import lay_out
from sandgate.stories.model import MORE_TIME
from sandgate.stories.programs import run_program
from sandgate.stories.runtimes._model import Built, Command, GateFacts, Place, Plan, Runtime, check_python
from sandgate.tiers._venv import find_uv

__all__ = ["RUNTIME"]

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "nix")
_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
_NAMESPACES = ("--unshare-all", "--new-session", "--die-with-parent", "--cap-drop", "ALL")
_PRIVATE = ("--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108 - inside
_INSTALL_HINT = "see that the version exists, and that the package index answers (PIP_INDEX_URL; uv: UV_INDEX_URL)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Environment:
    """A virtual environment, a home and a working folder, all new."""

    folder: Path
    base: Path
    """Prefix of the interpreter that the environment is of."""
    bwrap: str
    """Empty where it is not there, or cannot make namespaces."""
    notes: tuple[str, ...]

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    def ask(self, script: str, *arguments: str) -> str:
        line = (str(self.python), "-I", "-c", script, *arguments)
        return run_program(line, what="ask the story's Python", folder=self.folder)

    @contextmanager
    def enter(self, gate: GateFacts) -> Iterator[Place]:
        gate.lay_out(self.folder / KIT, str(self.folder / KIT))
        if not self.bwrap:
            notes = ("not isolated: bubblewrap is not here, or may not make namespaces; the network can be reached",)
            yield _Place(environment=self, notes=notes)
            return
        shutil.copyfile(handover.__file__, self.folder / "handover.py")
        prefix = (self.bwrap, *_options(self, gate.door()), "--", *_handing_over(self.folder, gate))
        yield _Place(environment=self, prefix=prefix, notes=("isolated by bubblewrap: no network but the gate",))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    environment: _Environment
    prefix: tuple[str, ...] = ()
    notes: tuple[str, ...]

    @property
    def kit(self) -> str:
        return str(self.environment.folder / KIT)

    def command(self, script: str, settings: Mapping[str, str]) -> Command:
        folder = self.environment.folder
        environ = {
            "PATH": os.pathsep.join((str(folder / "venv" / "bin"), *_PATH)),
            "HOME": str(folder / "home"),
            "TMPDIR": "/tmp" if self.prefix else str(folder / "tmp"),  # noqa: S108 - a private one inside
            "VIRTUAL_ENV": str(folder / "venv"),
            "LANG": "C.UTF-8",
            "USER": "story",
            "SHELL": "/bin/sh",
            **settings,
        }
        return Command(line=(*self.prefix, "/bin/sh", "-ec", script), environ=environ, folder=folder / "work")

    def end(self) -> None:
        """Nothing: all that a step starts is in its process group, or dies with bubblewrap."""


def _handing_over(folder: Path, gate: GateFacts) -> tuple[str, ...]:
    """What makes the gate's ports reachable inside, and then becomes the command that follows it."""
    python = os.path.realpath(sys.executable)
    ports = f"{gate.port},{gate.proxy_port}"
    hand = (python, "-I", "-S", str(folder / "handover.py"), str(FOLDER / INLET), ports, "9")
    return ("/bin/sh", "-c", 'exec "$@" 9>/dev/null', "sh", *hand)


def _options(environment: _Environment, door: Path) -> tuple[str, ...]:
    """What is visible inside, as options of bubblewrap (bwrap(1)); later ones are mounted on top of earlier ones."""
    found: list[str] = [*_NAMESPACES]
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            found += ["--ro-bind", str(path), str(path)]
    found += _PRIVATE
    bases = {environment.base, Path(sys.base_prefix).resolve(), Path(os.path.realpath(sys.executable)).parents[1]}
    for base in sorted(base for base in bases if base.parts[1:2] not in {(name,) for name in _SYSTEM}):
        found += ["--ro-bind", str(base), str(base)]
    folder = str(environment.folder)
    found += ["--bind", folder, folder, "--ro-bind", str(door), str(FOLDER)]
    return (*found, "--remount-ro", "/", "--chdir", str(environment.folder / "work"))


def _usable_bwrap() -> str:
    program = shutil.which("bwrap")
    if sys.platform != "linux" or program is None:
        return ""
    trial = (program, *_NAMESPACES, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/true")
    return program if subprocess.run(trial, capture_output=True, check=False).returncode == 0 else ""  # noqa: S603


@contextmanager
def _build(plan: Plan) -> Iterator[Built]:
    folder = plan.folder.resolve()
    for name in ("home", "work", "tmp"):
        (folder / name).mkdir(mode=0o700)
    lay_out(plan.story, plan.project, folder / "work", plan.hidden)
    _make_environment(plan, folder)
    asked = "import platform, sys; print(platform.python_version()); print(sys.base_prefix)"
    python = folder / "venv" / "bin" / "python"
    version, base = run_program((str(python), "-I", "-c", asked), what="run the story's Python").split("\n")[:2]
    check_python(plan.story, version, where=base)
    _set_up(plan, folder)
    yield _Environment(folder=folder, base=Path(base).resolve(), bwrap=_usable_bwrap(), notes=(f"python {version}",))


def _set_up(plan: Plan, folder: Path) -> None:
    path = os.pathsep.join((str(folder / "venv" / "bin"), os.environ.get("PATH", "")))
    settings = {"PATH": path, "VIRTUAL_ENV": str(folder / "venv"), "HOME": str(folder / "home")}
    for line in plan.story.setup:
        plan.say(f"setting up: {line}")
        run_program(
            ("/bin/sh", "-ec", line),
            what="set the story up",
            folder=folder / "work",
            extra=settings,
            limit=plan.story.setup_timeout,
            more_time=MORE_TIME,
        )


def _make_environment(plan: Plan, folder: Path) -> None:
    story, venv = plan.story, str(folder / "venv")
    needed = [text for text in (plan.package.requirement, *story.packages) if text]
    needed += ["pip"] if story.setup else []
    hint = f"install Python {story.python or 'with its venv module'}"
    if uv := find_uv():
        chosen = story.python or sys.executable
        run_program((uv, "venv", "--quiet", "--python", chosen, venv), what="make a virtual environment", hint=hint)
        # The newest version is what the index says now, not what a cache remembers; which is all that there is offline.
        asks = plan.package.wheel is None and plan.package.name and not os.environ.get("UV_OFFLINE")
        fresh = ("--refresh-package", plan.package.name) if asks else ()
        install = (uv, "pip", "install", "--quiet", *fresh, "--python", f"{venv}/bin/python")
    else:
        python = shutil.which(f"python{story.python}") if story.python else sys.executable
        if python is None:
            raise EnvironmentFault(f"there is no Python {story.python} here", where=f"python{story.python}", hint=hint)
        run_program((python, "-m", "venv", venv), what="make a virtual environment", hint=hint)
        install = (f"{venv}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if needed:
        plan.say(f"installing {', '.join(Path(text).name for text in needed)}")
        run_program((*install, *needed), what=f"install {', '.join(needed)}", hint=_INSTALL_HINT)


RUNTIME = Runtime(
    name="process",
    title="A fresh virtual environment, home and working folder on this machine; bubblewrap where it is there.",
    absent=lambda: "",
    build=_build,
)
