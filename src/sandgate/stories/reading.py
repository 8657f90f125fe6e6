"""Stories from files: `story.toml`, or a bare `test.sh` with a `Dockerfile`; pure, over the texts of a folder."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping

from sandgate.config.declare import build, declared
from sandgate.config.kinds import WrongValue
from sandgate.errors import ConfigError
from sandgate.stories.dockerfile import prefix_of, python_of, start_of
from sandgate.stories.model import Step, Story, StoryFile

__all__ = ["FILES", "SCRIPT", "is_story", "read_story"]

SCRIPT = "test.sh"
"""The script of a bare story."""
_TOML, _DOCKERFILE, _MAKEFILE = "story.toml", "Dockerfile", "Makefile"
FILES = (_TOML, SCRIPT, _DOCKERFILE, _MAKEFILE)
"""The files of a story's folder that say what it is."""

_NEEDED = re.compile(r"^\s*(?:export\s+)?NEED_EXAMPLES\s*[:?+]?=\s*(.*?)\s*(?:#.*)?$", re.MULTILINE)
_OPTIONS = declared(StoryFile)


def is_story(names: Mapping[str, str]) -> bool:
    """Whether a folder with these files is a story."""
    return _TOML in names or SCRIPT in names


def read_story(folder: str, texts: Mapping[str, str]) -> Story:
    """The story of a folder.

    Args:
        folder: its path.
        texts: file name to text, of those in `FILES` that are there.

    Raises:
        ConfigError: it is no story, or says something that is none.
    """
    name = folder.rstrip("/").rpartition("/")[2]
    if _TOML in texts:
        return _described(name, folder, texts)
    if SCRIPT in texts:
        return _bare(name, folder, texts)
    raise ConfigError(f"{name!r} is no story", where=folder, hint=f"it has neither {_TOML} nor {SCRIPT}")


def _described(name: str, folder: str, texts: Mapping[str, str]) -> Story:
    where = f"{folder}/{_TOML}"
    try:
        table = tomllib.loads(texts[_TOML])
    except (ValueError, RecursionError) as error:  # nested too deep, a number of thousands of digits
        raise ConfigError(f"this is no TOML: {error}", where=where) from error
    try:
        values = build(_OPTIONS, table)
        story = Story(**values, name=name, folder=folder)  # type: ignore[arg-type]
    except WrongValue as wrong:
        key = ".".join(wrong.path)
        raise ConfigError(f"{key} {wrong.message}".strip(), where=where, hint=wrong.hint) from wrong
    docker = texts.get(_DOCKERFILE, "")
    return dataclasses.replace(
        story, title=story.title or _title(name), dockerfile=docker, prefix=prefix_of(docker)
    )  # fmt: skip


def _bare(name: str, folder: str, texts: Mapping[str, str]) -> Story:
    """The seed's form: the script is the one step; what the Dockerfile and the Makefile say is taken from there."""
    docker = texts.get(_DOCKERFILE, "")
    needed = _NEEDED.search(texts.get(_MAKEFILE, ""))
    return Story(
        name=name,
        folder=folder,
        title=_title(name),
        python=python_of(docker),
        examples=tuple(f"examples/{one}" for one in needed[1].split()) if needed else (),
        steps=(Step(name=SCRIPT, run=f"./{SCRIPT}"),),
        prefix=prefix_of(docker),
        dockerfile=docker,
        in_image=start_of(docker) or f"./{SCRIPT}",
    )


def _title(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()
