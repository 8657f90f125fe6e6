"""Programs and packages of clients that are not Python's, each installed once and kept beside pytest's other caches."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sandgate.errors import EnvironmentFault
from sandgate.tiers._venv import ensure_environment

__all__ = ["CACHE", "EXAMPLE", "JS", "aws_cli", "copy_of_example", "locked", "node_modules"]

JS = Path(__file__).parent / "js"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "js-modules"
CACHE = "clients-js"
_AWS_CLI = "awscli==1.45.11"
_NOT_COPIED = shutil.ignore_patterns("node_modules", ".sandgate", ".terraform*", ".env*", "__pycache__")


def node_modules(cache: Path, npm: str) -> Path:
    """The locked packages."""
    lock = (JS / "package-lock.json").read_bytes()
    folder = cache / hashlib.sha256(lock).hexdigest()[:12]
    with FileLock(cache / "lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(JS / name, folder)
            command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
            (folder / "complete").touch()
    return folder / "node_modules"


def locked(folder: Path) -> dict[str, Any]:
    """Place to checksum of what a lock file says; links within the project are left out."""
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    return {place: entry["integrity"] for place, entry in packages.items() if "integrity" in entry}


def copy_of_example(folder: Path, packages: Path) -> Path:
    """The example `js-modules`, as a clone has it, with packages that were installed before.

    Args:
        folder: to make.
        packages: `node_modules`; what its lock file says is the same there, which a test sees to.
    """
    shutil.copytree(EXAMPLE, folder, ignore=_NOT_COPIED)
    (folder / "node_modules").symlink_to(packages)
    return folder


def aws_cli(config: pytest.Config, require_tool: Callable[[str], str]) -> str:
    """The AWS CLI, from a wheel of its own where the index is reachable."""
    cache = config.cache
    assert cache is not None
    try:
        python = ensure_environment(
            cache.mkdir("clients-aws"), _AWS_CLI.replace("==", "-"), [_AWS_CLI], lambda _text: None
        )
    except EnvironmentFault:
        return require_tool("aws")
    return str(python.parent / "aws")
