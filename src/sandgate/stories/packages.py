"""Which build of the tool a story gets: from the package index, one version of it, this checkout, or the last build."""

from __future__ import annotations

import base64
import csv
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sandgate.errors import ConfigError, EnvironmentFault, UsageError
from sandgate.stories.programs import run_program
from sandgate.tiers._venv import find_uv

__all__ = ["ASK_INSTALLED", "Package", "Source", "differing_files", "installed_version", "provide", "tool_name"]

Source = Literal["index", "version", "local", "no-build"]

ASK_INSTALLED = """
import base64, hashlib, importlib.metadata, json, sys
found = importlib.metadata.distribution(sys.argv[1])
digest = lambda path: base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
files = {str(file): digest(file.locate()) for file in found.files or () if file.hash and file.locate().is_file()}
print(json.dumps({"version": found.version, "files": files}))
"""
"""Run by the Python of a story: the version of a distribution, and the digest of each file as it lies there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is installed."""

    name: str = ""
    """Of the distribution; empty where a story is about no tool."""
    requirement: str = ""
    """For the installer: a name, a name with a version, or the path of a wheel."""
    version: str = ""
    """`==x` where that was asked for."""
    wheel: Path | None = None
    """The file, where it was built here."""
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    """File of the wheel to its digest, as the wheel's own record has it."""
    story: str = ""
    """Where it comes from, in words."""


def tool_name(folder: Path) -> str:
    """The distribution that a folder's pyproject.toml makes; empty where there is none.

    Raises:
        ConfigError: the file is no TOML.
    """
    path = folder / "pyproject.toml"
    if not path.is_file():
        return ""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, nested too deep, a number of thousands of digits
        raise ConfigError(f"this is no TOML: {error}", where=str(path)) from error
    poetry = data.get("tool", {}).get("poetry", {})
    return str(data.get("project", {}).get("name") or poetry.get("name") or "")


def provide(
    source: Source, *, name: str, version: str, folder: Path, builds: Path, place: Path, say: Callable[[str], None]
) -> Package:
    """The package of a story.

    Args:
        source: where from.
        name: of the distribution; empty for none.
        version: `==x`, where `source` is `version`.
        folder: of the checkout.
        builds: where builds of this checkout are kept, for every story of it, also at once.
        place: a folder of this story, which gets the build that it is about.
        say: told what is happening.

    Raises:
        UsageError: there is nothing to take a build of, or no build yet.
        EnvironmentFault: it cannot be built.
    """
    if not name:
        if source != "index":
            raise UsageError(
                f"this story is about no tool, so --{source} means nothing",
                where=str(folder),
                hint="set tool or package in its story.toml, or leave the option out",
            )
        return Package(story="no tool is installed")
    if source == "index":
        return Package(name=name, requirement=name, story=f"{name}, the newest of the package index")
    if source == "version":
        return Package(name=name, requirement=f"{name}{version}", version=version, story=f"{name}{version}")
    kept = builds / _normal(name)
    with _alone(builds):
        if source == "local":
            say(f"building {name} from {folder}")
            _build(folder, kept)
        found = _kept_wheel(kept, name)
        files = _record(found)
        wheel = place / found.name
        shutil.copyfile(found, wheel)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()[:12]
    words = "built from this checkout" if source == "local" else "as it was built last"
    return Package(
        name=name,
        requirement=str(wheel),
        wheel=wheel,
        files=files,
        story=f"{wheel.name}, {words} (sha256 {digest}…)",
    )


def differing_files(package: Package, said: str) -> tuple[str, ...]:
    """Files of a wheel that are not installed, or not as the wheel has them.

    Args:
        package: that was to be installed.
        said: by `ASK_INSTALLED`.
    """
    installed: Mapping[str, str] = json.loads(said)["files"]
    return tuple(sorted(name for name, digest in package.files.items() if installed.get(name) != digest))


@contextmanager
def _alone(builds: Path) -> Iterator[None]:
    """Hold the builds: another story may be about to make one, or to take the last."""
    builds.mkdir(parents=True, exist_ok=True)
    lock = os.open(builds / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def installed_version(package: Package, said: str) -> tuple[str, bool]:
    """The version that is installed, and whether it is the one that was asked for with `==`, if any was.

    Args:
        package: that was to be installed.
        said: by `ASK_INSTALLED`.
    """
    installed = str(json.loads(said)["version"])
    wanted = package.version.removeprefix("==").lower()
    if wanted == package.version.lower():
        return installed, True
    if wanted.endswith(".*"):
        return installed, f"{installed}.".startswith(wanted[:-1])
    # What a local label says is no part of the comparison unless it is asked for (PyPA, version specifiers).
    same = installed if "+" in wanted else installed.partition("+")[0]
    return installed, _padded(same.lower()) == _padded(wanted)


def _padded(version: str) -> str:
    """A version without what means nothing: `1.0` is `1`."""
    return re.sub(r"(\.0)+$", "", version.removeprefix("v"))


def _normal(name: str) -> str:
    """A distribution's name as files have it."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _build(folder: Path, kept: Path) -> None:
    """Build a wheel from the checkout as it is; the last one stays until this one is whole."""
    if not (folder / "pyproject.toml").is_file():
        raise UsageError(
            "there is nothing to build here", where=str(folder / "pyproject.toml"), hint="set package in the story.toml"
        )
    new = Path(tempfile.mkdtemp(prefix=f".{kept.name}.", dir=kept.parent))
    try:
        uv = find_uv()
        line = [uv, "build", "--quiet", "--wheel", "--out-dir", str(new), str(folder)]
        if not uv:
            line = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(new), str(folder)]
        run_program(line, what="build the tool", hint="mend its pyproject.toml, or see that the package index answers")
        shutil.rmtree(kept, ignore_errors=True)
        new.rename(kept)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _kept_wheel(kept: Path, name: str) -> Path:
    wheels = sorted(kept.glob("*.whl"))
    if len(wheels) != 1:
        raise UsageError(
            f"there is no build of {name} yet", where=str(kept), hint="`sandgate story run NAME --local` makes one"
        )
    return wheels[0]


def _record(wheel: Path) -> Mapping[str, str]:
    """The digests in a wheel's RECORD (PyPA, binary distribution format), each held against the file itself.

    Raises:
        EnvironmentFault: it is no whole wheel.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            record = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
            rows = csv.reader(io.StringIO(archive.read(record).decode("utf-8")))
            said = {row[0]: row[1].partition("=")[2] for row in rows if row and row[1].startswith("sha256=")}
            for name, digest in said.items():
                if _digest(archive.read(name)) != digest:
                    raise EnvironmentFault(
                        f"the build is damaged: {name} is not as its record says", where=str(wheel), hint=_AGAIN
                    )
    except (zipfile.BadZipFile, StopIteration, KeyError, IndexError, UnicodeDecodeError, OSError) as error:
        raise EnvironmentFault("this is no whole wheel", where=str(wheel), hint=_AGAIN) from error
    # What an installer moves elsewhere (scripts, headers) lies under `.data`.
    return {name: digest for name, digest in said.items() if ".data/" not in name}


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


_AGAIN = "`sandgate story run NAME --local` builds it anew"
