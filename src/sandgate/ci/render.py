"""Workflow files from their templates, and whether one that is there may be replaced."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

from sandgate.errors import ConfigError

__all__ = ["State", "fill", "sealed", "state_of", "template"]

_MARK = "# Written by `sandgate ci init`; a file that was changed since is not replaced. "
_SEAL = re.compile(rf"{re.escape(_MARK)}([0-9a-f]{{16}})\n")
_GAP = re.compile(r"@([A-Z_]+|[a-z]+(?:-[a-z]+)*/[a-z-]+)@")
State = Literal["absent", "same", "ours", "changed"]


@cache
def template(name: str) -> str:
    """The text of a template."""
    return (resources.files("sandgate.ci") / "data" / name).read_text(encoding="utf-8")


def fill(text: str, values: Mapping[str, str]) -> str:
    """A template with its gaps filled.

    Args:
        text: of the template; a gap is `@NAME@`.
        values: by name. A value with several lines brings its own indentation along.

    Raises:
        ConfigError: a value that people give holds a line end, and could say more than it should.
    """
    for name in ("COMMAND", "INSTALL", "PYTHON"):
        if not values[name].isprintable() or not values[name].strip():
            raise ConfigError(f"{name.lower()} must be one line", where="command line", hint=f"--{name.lower()} TEXT")
    if not re.fullmatch(r"[\w./-]*", values["FOLDER"]):
        raise ConfigError(f"{values['FOLDER']!r} is no folder that a workflow could name")
    return _GAP.sub(lambda gap: values[gap[1]], text)


def sealed(text: str) -> str:
    """A text with a first line by which `state_of` sees later whether somebody changed it."""
    return f"{_MARK}{_digest(text)}\n{text}"


def state_of(there: str | None, new: str) -> State:
    """What becomes of a file: `ours` may be replaced, `changed` is somebody's.

    Args:
        there: its text, `None` where there is none.
        new: what would be written.
    """
    if there is None:
        return "absent"
    if there == new:
        return "same"
    seal = _SEAL.match(there)
    return "ours" if seal and _digest(there[seal.end() :]) == seal[1] else "changed"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
