"""The folder that an image of a story is built from; its Dockerfile is the story's own, or made here."""

from __future__ import annotations

import importlib.util
import json
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandgate.errors import EnvironmentFault
from sandgate.stories.material import lay_out
from sandgate.stories.programs import run_program
from sandgate.stories.runtimes._model import Plan
from sandgate.tiers._venv import find_uv

__all__ = ["Context", "prepare_context"]

_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
"""What wheels for glibc are called, the newest that official Python images can use first (PEP 600)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an image is built from."""

    folder: Path
    arguments: tuple[tuple[str, str], ...]
    """Build arguments."""
    in_image: str
    """What runs there in place of a bare story's one step; empty where steps run as they are."""


def prepare_context(plan: Plan) -> Context:
    """Make it.

    Raises:
        EnvironmentFault: a package cannot be had.
    """
    folder = plan.folder / "context"
    folder.mkdir()
    story = plan.story
    if story.dockerfile:
        lay_out(story, plan.project, folder, plan.hidden)
        (folder / "Dockerfile").write_text(story.dockerfile, encoding="utf-8")
        return Context(folder=folder, arguments=tuple(_arguments(plan, folder)), in_image=story.in_image)
    work = folder / "work"
    work.mkdir()
    lay_out(story, plan.project, work, plan.hidden)
    wheels = folder / "wheels"
    wheels.mkdir()
    needed = [text for text in (plan.package.requirement, *story.packages) if text]
    _download(plan, [*needed, "pip"], wheels)
    shutil.copyfile(_handover(), folder / "handover.py")
    (folder / "Dockerfile").write_text("\n".join(_dockerfile(plan, needed)) + "\n", encoding="utf-8")
    return Context(folder=folder, arguments=(), in_image="")


def _arguments(plan: Plan, folder: Path) -> Iterator[tuple[str, str]]:
    """`<TOOL>_PKG` and `<TOOL>_VERSION`: what to install, as a file of the folder where it was built here."""
    if not plan.story.prefix:
        return
    package = plan.package
    requirement = package.name
    if package.wheel is not None:
        shutil.copyfile(package.wheel, folder / package.wheel.name)
        requirement = f"./{package.wheel.name}"
    yield f"{plan.story.prefix}_PKG", requirement
    yield f"{plan.story.prefix}_VERSION", package.version


def _download(plan: Plan, needed: list[str], wheels: Path) -> None:
    """Wheels for the image, fetched here: where the index is, and who may use it, is known on this machine."""
    pip = (sys.executable, "-m", "pip") if importlib.util.find_spec("pip") else (find_uv(), "tool", "run", "pip")
    version = plan.story.python or platform.python_version().rpartition(".")[0]
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    fits = [word for name in _PLATFORMS for word in ("--platform", f"{name}_{machine}")]
    line = (*pip, "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--dest", str(wheels))
    plan.say("fetching packages for the image")
    run_program(
        (*line, "--python-version", version, "--implementation", "cp", *fits, *needed),
        what=f"fetch {', '.join(Path(text).name for text in needed)}",
        hint="every requirement must have a wheel for Linux and this version of Python",
    )


def _dockerfile(plan: Plan, needed: list[str]) -> Iterator[str]:
    version = plan.story.python or platform.python_version().rpartition(".")[0]
    yield f"FROM {plan.image or plan.story.image or f'docker.io/library/python:{version}-slim'}"
    yield "COPY wheels /opt/wheels"
    yield "RUN python3 -m venv --without-pip /opt/story && \\"
    yield "    PYTHONPATH=$(echo /opt/wheels/pip-*.whl) /opt/story/bin/python -m pip install \\"
    # What is used compiles itself, and that is the least of it.
    installed = [*needed, "pip"] if plan.story.setup else needed
    yield "    --quiet --no-compile --no-index --find-links /opt/wheels " + " ".join(map(_quoted, installed or ["pip"]))
    yield "ENV PATH=/opt/story/bin:/usr/local/bin:/usr/bin:/bin HOME=/home/story LANG=C.UTF-8"
    yield "COPY work /story"
    yield "RUN mkdir -p /home/story"
    yield "WORKDIR /story"
    yield from (f"RUN {json.dumps(['/bin/sh', '-ec', line])}" for line in plan.story.setup)


def _quoted(text: str) -> str:
    return f"'/opt/wheels/{Path(text).name}'" if text.endswith(".whl") else f"'{text}'"


def _handover() -> str:
    from sandgate.control import handover  # noqa: PLC0415

    if handover.__file__ is None:
        raise EnvironmentFault("sandgate's own files are not there", where="sandgate.control.handover")
    return handover.__file__
