"""What git knows of a file: whether it is tracked, whether it is ignored, and what is tracked at all."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["ignore_line", "ignored", "tracked", "tracked_files", "unsure"]

_SECONDS = 10
_NO = 1
"""Status of `git ls-files --error-unmatch` and `git check-ignore -q` for no."""


def tracked(path: Path) -> bool | None:
    """Whether git tracks a file; `None` where there is no repository, or no git."""
    said = _git(path.parent, "ls-files", "--error-unmatch", "--", path.name)
    return _yes(said)


def ignored(path: Path) -> bool | None:
    """Whether git would leave a file alone; it need not exist. `None` where there is no repository, or no git."""
    return _yes(_git(path.parent, "check-ignore", "--quiet", "--", path.name))


def ignore_line(path: Path) -> tuple[Path, str]:
    """The `.gitignore` file and the line in it that would make git leave a file alone.

    Args:
        path: absolute; its repository's top decides, else its own folder.
    """
    said = _git(path.parent, "rev-parse", "--show-toplevel")
    top = Path(said.stdout.decode().strip()) if said is not None and said.returncode == 0 else path.parent.resolve()
    return top / ".gitignore", f"/{(path.parent.resolve() / path.name).relative_to(top)}"


def unsure(path: Path) -> str:
    """Why git does not tell anything of a file though there is a repository; empty where it does, or there is none.

    Git refuses in a repository that another user owns, for instance, and a container may have none at all.
    """
    if not any((folder / ".git").exists() for folder in path.parent.resolve().joinpath("x").parents):
        return ""
    said = _git(path.parent, "rev-parse", "--show-toplevel")
    if said is None:
        return "there is no git, or it does not answer"
    lines = said.stderr.decode(errors="replace").strip().splitlines()
    return "" if said.returncode == 0 else (lines or ["it does not say why"])[0]


def tracked_files(folder: Path) -> Iterator[Path] | None:
    """The files below a folder that git tracks; `None` where there is no repository, or no git."""
    said = _git(folder, "ls-files", "-z")
    if said is None or said.returncode != 0:
        return None
    return (folder / name.decode(errors="surrogateescape") for name in said.stdout.split(b"\0") if name)


def _yes(said: subprocess.CompletedProcess[bytes] | None) -> bool | None:
    if said is None or said.returncode not in {0, _NO}:
        return None
    return said.returncode == 0


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    command: Sequence[str] = ("git", "-C", str(folder), *arguments)
    try:
        return subprocess.run(  # noqa: S603 - our own arguments, no shell
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
