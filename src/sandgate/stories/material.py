"""What a story finds in its working folder: its own files, and the examples that it names."""

from __future__ import annotations

import shutil
from pathlib import Path

from sandgate.errors import ConfigError
from sandgate.stories.model import Story
from sandgate.stories.reading import FILES, SCRIPT

__all__ = ["lay_out"]

_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".sandgate", ".git", ".env*", ".venv", "node_modules", "*.pyc")


def lay_out(story: Story, project: Path, place: Path) -> None:
    """Copy them.

    Args:
        story: it.
        project: the folder that examples are relative to.
        place: the working folder, which exists.

    Raises:
        ConfigError: an example is not there, or is outside of the project, or two have one name.
    """
    own = Path(story.folder)
    for path in own.iterdir():
        if path.name not in set(FILES) - {SCRIPT} and not path.name.startswith(".env"):
            _copy(path, place / path.name)
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
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFT_OUT, symlinks=True)
    else:
        shutil.copy(source, target)
