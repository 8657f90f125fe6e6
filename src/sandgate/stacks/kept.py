"""Which stacks a run deployed: written down before each is made, so that the end of the run finds every one."""

from __future__ import annotations

from pathlib import Path

__all__ = ["forget", "remember", "remembered"]

_FOLDER = "stacks"


def remember(run_directory: Path, name: str) -> None:
    """Write down that a stack may exist; called before it is created."""
    folder = run_directory / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{name}.stack").touch()


def forget(run_directory: Path, name: str) -> None:
    """Note that a stack is gone; one that was never written down is fine."""
    (run_directory / _FOLDER / f"{name}.stack").unlink(missing_ok=True)


def remembered(run_directory: Path) -> tuple[str, ...]:
    """Names of the stacks that may exist, the latest first: it may import what an earlier one exports."""
    found = sorted((run_directory / _FOLDER).glob("*.stack"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return tuple(path.name.removesuffix(".stack") for path in found)
