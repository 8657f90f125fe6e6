"""The build step: a Python function's requirements, installed beside its code as Lambda wants them.

https://docs.aws.amazon.com/lambda/latest/dg/python-package.html
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandgate.core.environment import outside
from sandgate.errors import EnvironmentFault, StackError
from sandgate.stacks.model import Notice, silent

__all__ = ["BuildTarget", "has_requirements", "install_requirements"]

_TIMEOUT = 900.0
_TAIL = 12
_AL2023 = (3, 12)
"""The first Python runtime on Amazon Linux 2023 (glibc 2.34); earlier ones have glibc 2.26."""
_ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}
_NESTED = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=)?([^=\s].*)")
_LOCAL = ("-e", "--editable", "-f", "--find-links")
_ASK = "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTarget:
    """Where functions will run, which decides what wheels they need."""

    python: Path | None = None
    """The interpreter that runs every function, as in an emulator; None for Lambda itself, where the function's
    `Runtime` and `Architectures` decide."""


def has_requirements(requirements: Path) -> bool:
    """Whether the file exists and asks for anything at all."""
    return requirements.is_file() and bool(_lines(requirements.read_bytes()))


def install_requirements(
    requirements: Path,
    *,
    runtime: str,
    architecture: str,
    target: BuildTarget,
    cache_dir: Path,
    progress: Notice = silent,
) -> Path:
    """Install a requirements file into a folder of its own, once per content and target.

    Args:
        requirements: the file; paths in it start from its folder.
        runtime: the function's runtime, `python3.12`.
        architecture: `x86_64` or `arm64`.
        target: where the function will run.
        cache_dir: keeps the installed folders.
        progress: told when pip has to run.

    Returns:
        The folder that holds the installed packages.

    Raises:
        StackError: pip could not install them; shows the end of what pip said.
        EnvironmentFault: there is no pip, or the cache cannot be written.
    """
    key, reusable = _key(requirements, _platform(runtime, architecture, target))
    folder = cache_dir / "requirements" / key
    if reusable and folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{key[:8]}-"))
    except OSError as error:
        raise EnvironmentFault(f"cache cannot be written: {error.strerror}", where=str(folder.parent)) from None
    try:
        progress(f"installing {requirements}")
        _pip(requirements, fresh, runtime, architecture, target)
        if not reusable:
            shutil.rmtree(folder, ignore_errors=True)
        return _settle(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _settle(fresh: Path, folder: Path) -> Path:
    try:
        fresh.chmod(0o755)
        fresh.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # otherwise another run was quicker, with the same content
            raise EnvironmentFault(f"cache cannot be written: {error.strerror}", where=str(folder)) from None
    return folder


def _pip(requirements: Path, folder: Path, runtime: str, architecture: str, target: BuildTarget) -> None:
    command = [
        *_installer(target.python),
        *(() if target.python else _lambda_options(runtime, architecture, requirements)),
        "--target", str(folder), "--requirement", requirements.name,
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
            command, cwd=requirements.parent, capture_output=True, text=True, errors="replace",
            timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL,
            env=outside(os.environ),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise StackError(f"pip did not finish within {_TIMEOUT:.0f} s", where=str(requirements)) from None
    except OSError as error:
        raise EnvironmentFault(f"pip cannot be started: {error.strerror}", where=command[0]) from None
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-_TAIL:]
        where = f"Lambda ({runtime}, {architecture})" if target.python is None else "the emulator's interpreter"
        raise StackError(
            f"pip could not install the requirements for {where}:\n" + "\n".join(f"    {line}" for line in said),
            where=str(requirements),
            hint="" if target.python else "Lambda needs wheels: a package without one for its platform cannot be used",
        )


def _installer(python: Path | None) -> list[str]:
    """Start of the command: pip where we have it, since it reads the user's pip configuration; else uv."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-warn-conflicts"]
    if importlib.util.find_spec("pip"):
        chosen = ["--python", str(python)] if python and python != Path(sys.executable) else []
        return [sys.executable, "-m", "pip", *chosen, "install", *quiet]
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--no-progress", "--python", str(python or sys.executable)]
    raise EnvironmentFault(
        "neither pip nor uv is there to install a function's requirements", hint=f"{sys.executable} -m ensurepip"
    )


def _lambda_options(runtime: str, architecture: str, requirements: Path) -> Sequence[str]:
    version = _version(runtime, requirements)
    cpu = _ARCHITECTURES.get(architecture, "x86_64")
    text = ".".join(map(str, version))
    if not importlib.util.find_spec("pip"):
        glibc = "manylinux_2_34" if version >= _AL2023 else "manylinux2014"
        return ["--only-binary", ":all:", "--python-version", text, "--python-platform", f"{cpu}-{glibc}"]
    # pip takes each tag literally: a newer glibc does not stand for the older ones.
    glibcs = ["manylinux2014", "manylinux_2_17", "manylinux_2_5", "manylinux1", "manylinux2010", "manylinux_2_12"]
    glibcs += ["manylinux_2_24", "manylinux_2_26"]
    glibcs += ["manylinux_2_27", "manylinux_2_28", "manylinux_2_31", "manylinux_2_34"] if version >= _AL2023 else []
    platforms = [part for glibc in glibcs for part in ("--platform", f"{glibc}_{cpu}")]
    return ["--only-binary", ":all:", "--implementation", "cp", "--python-version", text, *platforms]


def _version(runtime: str, requirements: Path) -> tuple[int, int]:
    major, _, minor = runtime.removeprefix("python").partition(".")
    if not (major.isdigit() and minor.isdigit()):
        raise StackError(
            f"runtime {runtime!r} does not say which Python the requirements are for", where=str(requirements)
        )
    return int(major), int(minor)


def _platform(runtime: str, architecture: str, target: BuildTarget) -> str:
    if target.python is None:
        return f"lambda {runtime} {architecture}"
    if target.python == Path(sys.executable):
        return f"local {sys.implementation.cache_tag} {sysconfig.get_platform()}"
    try:
        asked = subprocess.run([target.python, "-Ic", _ASK], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise EnvironmentFault("the emulator's interpreter does not run", where=str(target.python)) from error
    return f"local {asked.stdout.strip()}"


def _key(requirements: Path, platform: str) -> tuple[str, bool]:
    """A hash of everything that decides what is installed, and whether the file names nothing local that may change."""
    digest = hashlib.sha256(platform.encode())
    reusable = True
    pending, seen = [requirements], set[Path]()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StackError(f"requirements cannot be read: {error.strerror}", where=str(path)) from None
        digest.update(content)
        for line in _lines(content):
            nested = _NESTED.fullmatch(line)
            if nested:
                pending.append(path.parent / nested[1])
            elif line.startswith(_LOCAL) or _is_local(line, path.parent):
                reusable = False
    return digest.hexdigest()[:32], reusable


def _lines(content: bytes) -> list[str]:
    lines = (line.split(" #")[0].strip() for line in content.decode(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _is_local(line: str, folder: Path) -> bool:
    """Whether a requirement is a path; an address in version control may move as well."""
    name = line.partition(";")[0].rpartition("@")[2].strip()
    if "file:" in line or "git+" in line or name.startswith((".", "/")):
        return True
    return "://" not in name and ("/" in name or name.endswith((".whl", ".gz", ".zip"))) and (folder / name).exists()
