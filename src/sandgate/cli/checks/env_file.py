"""The env file: who can read it, and whether git would publish it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.env_file import readable_by_others, there
from sandgate.config.notices import holds_credentials
from sandgate.core.git import ignore_line, ignored, tracked, unsure

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    config = facts.config
    path, name = config.env_path, config.env_path.name
    if config.ci:
        yield Finding(state=State.OK, text="not read in CI")
        return
    if not there(path):
        yield Finding(state=State.OK, text=f"{name} does not exist")
        return
    secret = holds_credentials(config)
    wrong = tuple(_wrong(path, facts.here, secret=secret))
    held = "holds credentials, read by its owner alone" if secret else "holds no credentials"
    yield from wrong or [Finding(state=State.OK, text=f"{name} {held}")]


def _wrong(path: Path, here: Path, *, secret: bool) -> Iterator[Finding]:
    name = path.name
    if secret and readable_by_others(path):
        mode = stat.S_IMODE(path.stat().st_mode)
        text = f"others on this machine can read {name} (mode {mode:04o})"
        yield Finding(state=State.MEND, text=text, remedy=f"chmod 600 {_shown(path, here)}")
    # Of a link, git knows the link; the secret is in what it leads to.
    real = Path(os.path.realpath(path))
    for file in (path, real) if path.is_symlink() else (path,):
        yield from _published(file, here, secret=secret)


def _published(path: Path, here: Path, *, secret: bool) -> Iterator[Finding]:
    name = path.name
    if secret and (why := unsure(path)):
        text = f"git does not say whether it would publish {name}: {why}"
        yield Finding(state=State.UNKNOWN, text=text, remedy="see that `git status` works here")
    elif tracked(path):
        remedy = f"git rm --cached {_shown(path, here)}; ignore it; `sandgate rotate`: the key is known"
        state = State.MEND if secret else State.NOTE
        yield Finding(state=state, text=f"git tracks {name}", remedy=remedy)
    elif ignored(path) is False:
        file, line = ignore_line(path)
        state = State.MEND if secret else State.NOTE
        remedy = f"echo '{line}' >> {_shown(file, here)}"
        yield Finding(state=state, text=f"git does not ignore {name}, so `git add .` would publish it", remedy=remedy)


def _shown(path: Path, here: Path) -> str:
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


CHECK = Check(name="env-file", place=50, look=_look)
