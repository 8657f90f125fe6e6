"""What is visible to an isolated command, as options of bubblewrap (bwrap(1)); a pure function of a few facts.

Nothing is visible but what is named here: the root is empty, so that a place that nobody thought of stays outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SYSTEM", "Layout", "options_of"]

SYSTEM = tuple(
    Path("/", name) for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "opt", "nix")
)
"""Folders of the system that hold programs and their settings. Sockets of services are in /run and /var."""

_NAMESPACES = ("--unshare-all", "--new-session", "--die-with-parent", "--cap-drop", "ALL")
"""A new session, since a process can type into the terminal that controls it (TIOCSTI, ioctl_tty(2))."""
_PRIVATE = ("--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108 - inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the machine, the user and the run have where; paths are real ones, except where both are given."""

    system: tuple[tuple[Path, Path | None], ...]
    """The folders of `SYSTEM` that exist, with the target of those that are links."""
    homes: tuple[Path, ...]
    """Empty folders inside, the user's own home among them."""
    python: tuple[Path, ...]
    """Folders that the Python environment is in; read-only."""
    project: Path
    """Readable and writable."""
    fixed: tuple[Path, ...]
    """Files and folders in the project that are not to be written."""
    emptied: tuple[Path, ...]
    """Folders in which nothing of what they hold is visible."""
    masked: tuple[Path, ...]
    """Files that are empty inside."""
    empty: Path
    """The empty file that stands for them."""
    mounts: tuple[tuple[Path, Path], ...]
    """Source and place of what the run itself lets in, writable by whoever may write the source."""
    readable: tuple[tuple[Path, Path], ...]
    """Likewise, read-only."""
    folder: Path
    """Where the command starts."""


def options_of(layout: Layout) -> tuple[str, ...]:
    """The options; what comes later is mounted on top of what comes earlier."""
    return tuple(map(str, _options(layout)))


def _options(layout: Layout) -> Iterator[str | Path]:
    yield from _NAMESPACES
    for path, target in layout.system:
        yield from ("--ro-bind", path, path) if target is None else ("--symlink", target, path)
    yield from _PRIVATE
    yield from _empty_folders(layout.homes)
    for path in layout.python:
        yield from ("--ro-bind", path, path)
    yield from ("--bind", layout.project, layout.project)
    for path in layout.fixed:
        yield from ("--ro-bind", path, path)
    yield from _empty_folders(layout.emptied)
    for path in layout.masked:
        yield from ("--ro-bind", layout.empty, path)
    for source, place in layout.mounts:
        yield from ("--bind", source, place)
    for source, place in layout.readable:
        yield from ("--ro-bind", source, place)
    yield from ("--remount-ro", "/", "--chdir", layout.folder)


def _empty_folders(paths: Iterable[Path]) -> Iterator[str | Path]:
    for path in paths:
        yield from ("--perms", "0700", "--tmpfs", path)
