"""What a shell must set and unset, in the words of each shell; any text survives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from sandgate.core.environment import outside, without_preload
from sandgate.core.java import JAVA_OPTIONS, without_options

__all__ = ["REMEMBERED", "Format", "cleared", "remembered", "render", "with_memory"]

REMEMBERED = "SANDGATE_SET"
"""Variable that holds the names which `sandgate env` has set in a shell."""
_SHARED = frozenset({"NODE_OPTIONS", JAVA_OPTIONS, "NO_PROXY", "no_proxy"})
"""They hold the user's own entries too, so they are never just unset."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_Changes = Mapping[str, str | None]
_Lines = Iterable[str]


class Format(StrEnum):
    """Who will read it."""

    SH = "sh"
    FISH = "fish"
    DOTENV = "dotenv"
    JSON = "json"


def render(form: Format, changes: Mapping[str, str | None]) -> str:
    """The changes in that form, a line break at the end."""
    return "\n".join([*_WRITERS[form](changes), ""])


def with_memory(changes: Mapping[str, str | None], environ: Mapping[str, str]) -> Mapping[str, str | None]:
    """Changes that also unset what an earlier run has set and this one does not, and that remember what they set.

    Args:
        changes: variable to value, `None` to unset.
        environ: the shell's variables.
    """
    names = sorted(name for name, value in changes.items() if value is not None and name not in _SHARED)
    earlier = dict.fromkeys(remembered(environ))
    return {**earlier, **changes, REMEMBERED: " ".join(names)}


def remembered(environ: Mapping[str, str]) -> list[str]:
    """The names that `sandgate env` has set in a shell."""
    return [name for name in environ.get(REMEMBERED, "").split() if _NAME.fullmatch(name)]


def cleared(environ: Mapping[str, str], preload: str) -> Mapping[str, str | None]:
    """What takes a shell out of a run, its own proxy and certificates back in place; nothing where it is in none.

    Args:
        environ: the shell's variables.
        preload: file that `sandgate env` lets Node.js load.
    """
    names = remembered(environ)
    if not names:
        return {}
    before = outside(environ)
    own = {name: value for name in names if (value := before.get(name)) != environ.get(name)}
    node = without_preload(environ.get("NODE_OPTIONS", ""), preload)
    java = without_options(environ.get(JAVA_OPTIONS, ""))
    return {**dict.fromkeys([*names, REMEMBERED]), **own, "NODE_OPTIONS": node or None, JAVA_OPTIONS: java or None}


def _sh(changes: _Changes) -> _Lines:
    """POSIX shells, bash, zsh and dash among them (POSIX.1-2017, Shell Command Language, 2.2.2)."""
    for name, value in _sayable(changes):
        if value is None:
            yield f"unset {name}"
        else:
            quoted = value.replace("'", "'\\''")
            yield f"export {name}='{quoted}'"


def _fish(changes: _Changes) -> _Lines:
    """fish; its universal variables outlive every shell, so erasing one is left to the user, who is told."""
    for name, value in _sayable(changes):
        if value is None:
            said = f"sandgate: {name} is a universal variable; `set -e -U {name}` erases it"
            yield f"set -e -g {name}; set -q {name}; and echo '{said}' >&2"
        else:
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            yield f"set -g -x {name} '{quoted}'"


def _dotenv(changes: _Changes) -> _Lines:
    """A file of `NAME='value'` lines; such files cannot unset, so what must not be set is a comment."""
    for name, value in _sayable(changes):
        if value is None:
            yield f"# must not be set: {name}"
        else:
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            yield f"{name}='{quoted}'"


def _json(changes: _Changes) -> _Lines:
    setting = {name: value for name, value in changes.items() if value is not None}
    yield json.dumps({"set": setting, "unset": [name for name, value in changes.items() if value is None]}, indent=2)


def _sayable(changes: _Changes) -> Iterable[tuple[str, str | None]]:
    """What a shell can say: a name of another form is no variable of any shell."""
    return ((name, value) for name, value in sorted(changes.items()) if _NAME.fullmatch(name))


_WRITERS: Mapping[Format, Callable[[_Changes], _Lines]] = MappingProxyType(
    {Format.SH: _sh, Format.FISH: _fish, Format.DOTENV: _dotenv, Format.JSON: _json}
)
