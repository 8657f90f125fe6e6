"""What a story finds in its working folder: its own files, and the examples that it names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from sandgate.errors import ConfigError
from sandgate.stories.model import Story
from sandgate.stories.reading import FILES, SCRIPT

__all__ = ["lay_out"]

_PRIVATE = (".env*", ".sandgate", ".git")
"""What a clean environment has no copy of, also where a story names it."""
_LEFT_OUT = shutil.ignore_patterns(*_PRIVATE, "__pycache__", ".venv", "node_modules", "*.pyc")


def lay_out(story: Story, project: Path, place: Path, hidden: Collection[Path] = ()) -> None:
    """Copy them.

    Args:
        story: it.
        project: the folder that examples are relative to.
        place: the working folder, which exists.
        hidden: files that are not copied, resolved.

    Raises:
        ConfigError: an example is not there, or is private, or it or a link leads out of the project, or two have one
            name.
    """
    own = Path(story.folder)
    bounds = _Bounds(roots=(project.resolve(), own.resolve()), hidden=frozenset(hidden), where=story.folder)
    for path in sorted(own.iterdir()):
        if path.name not in set(FILES) - {SCRIPT} and not _LEFT_OUT(str(own), [path.name]):
            bounds.copy(path, place / path.name)
    if (place / SCRIPT).is_file():
        (place / SCRIPT).chmod(0o755)
    for example in story.examples:
        source = (project / example).resolve()
        where = f"{story.folder}, examples"
        if not source.is_relative_to(project.resolve()):
            raise ConfigError(f"the example {example!r} is outside of the project", where=where)
        if not source.exists():
            raise ConfigError(f"there is no example {example!r}", where=where, hint=f"it is looked for in {project}")
        target = place / source.name
        if target.exists():
            raise ConfigError(
                f"two files of the story would be {source.name!r}", where=where, hint="rename one of them"
            )
        bounds.copy(source, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """Where copies may come from: a link could lead to anything that its owner may read."""

    roots: tuple[Path, ...]
    hidden: frozenset[Path]
    where: str

    def copy(self, source: Path, target: Path) -> None:
        self._check(source)
        try:
            if source.is_dir():
                for link in _links(source):
                    self._check(link)
                shutil.copytree(source, target, ignore=self._left_out, symlinks=True)
            else:
                shutil.copy(source, target)
        except OSError as error:
            raise ConfigError(f"{source.name!r} cannot be copied: {error}", where=self.where) from error

    def _check(self, path: Path) -> None:
        real = path.resolve()
        root = next((root for root in self.roots if real.is_relative_to(root)), None)
        if root is None:
            raise ConfigError(
                f"{path.name!r} leads out of the project", where=self.where, hint="copy what the story needs"
            )
        private = any(fnmatch(part, pattern) for part in real.relative_to(root).parts for pattern in _PRIVATE)
        if private or real in self.hidden:
            raise ConfigError(
                f"{path.name!r} is private, and no story gets it",
                where=self.where,
                hint="real keys stay in the gate; stories/.env has templates for variables",
            )

    def _left_out(self, folder: str, names: list[str]) -> set[str]:
        return {name for name in names if Path(folder, name).resolve() in self.hidden} | _LEFT_OUT(folder, names)


def _links(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        skipped = _LEFT_OUT(place, [*folders, *files])
        folders[:] = sorted(set(folders) - skipped)
        yield from (
            path for name in (*folders, *files) if name not in skipped and (path := Path(place, name)).is_symlink()
        )
