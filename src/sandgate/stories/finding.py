"""Stories of a project: the folders that are one, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sandgate.core.registry import nearest
from sandgate.errors import ConfigError, EnvironmentFault, UsageError
from sandgate.stories.model import Story
from sandgate.stories.reading import FILES, is_story, read_story

__all__ = ["find_stories", "find_story", "folders_in", "is_name"]

_NAME = re.compile(r"(?![-.])[^/\s\"\\]+")


def is_name(name: str) -> bool:
    """Whether a folder of that name can be a story, and no other place, nor an option of the command line.

    It is printed, and stands in a TOML file: what cannot be written in either is no name.
    """
    return _NAME.fullmatch(name) is not None and name.isprintable()


def folders_in(folder: Path) -> tuple[Path, ...]:
    """The folders in the folder of the stories, by name; none where there is no such folder.

    Raises:
        ConfigError: it is no folder.
        EnvironmentFault: it cannot be read.
    """
    try:
        return tuple(sorted(path for path in folder.iterdir() if path.is_dir()))
    except FileNotFoundError:
        return ()
    except NotADirectoryError:
        hint = "move it, or set `stories` to another folder"
        raise ConfigError("stories are in a folder, and this is none", where=str(folder), hint=hint) from None
    except OSError as error:
        raise EnvironmentFault(f"cannot be read: {error.strerror}", where=str(folder)) from None


def find_stories(folder: Path) -> tuple[Story, ...]:
    """The stories in a folder, by name; none where there is no such folder.

    Raises:
        ConfigError: one of them cannot be read, or it is no folder.
        EnvironmentFault: the folder cannot be read.
    """
    return tuple(read_story(str(place), texts) for place in folders_in(folder) if is_story(texts := _texts(place)))


def find_story(folder: Path, name: str) -> Story:
    """The story of that name.

    Args:
        folder: of the stories.
        name: of its folder.

    Raises:
        UsageError: there is none.
        ConfigError: it cannot be read.
        EnvironmentFault: the folder cannot be read.
    """
    place = folder / name
    texts = _texts(place) if is_name(name) and place in folders_in(folder) else {}
    if is_story(texts):
        return read_story(str(place), texts)
    known = [path.name for path in folders_in(folder) if is_story(_texts(path))]
    close = nearest(name, known)
    hint = f"did you mean {close!r}? " if close else ""
    hint += f"known: {', '.join(sorted(known))}" if known else "`sandgate story init NAME` writes one"
    raise UsageError(f"there is no story {name!r}", where=str(folder), hint=hint)


def _texts(place: Path) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in FILES:
        path = place / name
        try:
            if path.is_file():
                found[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot be read: {error}", where=str(path)) from error
    return found
