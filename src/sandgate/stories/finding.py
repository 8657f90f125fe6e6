"""Stories of a project: the folders that are one, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sandgate.core.registry import nearest
from sandgate.errors import ConfigError, UsageError
from sandgate.stories.model import Story
from sandgate.stories.reading import FILES, is_story, read_story

__all__ = ["find_stories", "find_story", "is_name"]

_NAME = re.compile(r"(?![-.])[^/\0\s]+")


def is_name(name: str) -> bool:
    """Whether a folder of that name can be a story, and no other place, nor an option of the command line."""
    return _NAME.fullmatch(name) is not None


def find_stories(folder: Path) -> tuple[Story, ...]:
    """The stories in a folder, by name; none where there is no such folder.

    Raises:
        ConfigError: one of them cannot be read.
    """
    places = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return tuple(read_story(str(place), texts) for place in places if is_story(texts := _texts(place)))


def find_story(folder: Path, name: str) -> Story:
    """The story of that name.

    Args:
        folder: of the stories.
        name: of its folder.

    Raises:
        UsageError: there is none.
        ConfigError: it cannot be read.
    """
    place = folder / name
    texts = _texts(place) if is_name(name) and place.is_dir() else {}
    if is_story(texts):
        return read_story(str(place), texts)
    known = [path.name for path in folder.iterdir() if is_story(_texts(path))] if folder.is_dir() else []
    close = nearest(name, known)
    hint = f"did you mean {close!r}? " if close else ""
    hint += f"known: {', '.join(sorted(known))}" if known else "`sandgate story init NAME` writes one"
    raise UsageError(f"there is no story {name!r}", where=str(folder), hint=hint)


def _texts(place: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in FILES:
        path = place / name
        if path.is_file():
            try:
                found[name] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"cannot be read: {error}", where=str(path)) from error
    return found
