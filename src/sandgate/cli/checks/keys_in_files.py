"""Access keys in files that are not env files: where they are is told, what they are is not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.env_file import env_paths
from sandgate.core.git import tracked_files

__all__ = ["CHECK", "keys_in"]

_KEY = re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])")
"""IAM identifiers, "Understanding unique ID prefixes", IAM User Guide: user's keys, and keys of sessions."""
_SECRET = re.compile(rb"(?i)secret[ _-]?(?:access[ _-]?)?key\W{1,6}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_EXAMPLE = b"EXAMPLE"
"""What the keys of AWS's own documentation have in them."""
_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".org")
_LEFT_OUT = frozenset({".git", ".hg", ".sandgate", ".venv", "venv", "node_modules", "__pycache__", ".tox"})
_LARGEST = 2**20
_MOST_FILES, _MOST_SHOWN = 20_000, 3


def _look(facts: Facts) -> Iterator[Finding]:
    root = facts.config.root
    own = {path.resolve() for path in env_paths(facts.config)}
    files = dict.fromkeys([*(tracked_files(root) or ()), *_prose(root)])
    found = [
        f"{path.relative_to(root)}:{line}"
        for path in list(files)[:_MOST_FILES]
        if path.resolve() not in own
        for line in keys_in(path)
    ]
    if not found:
        yield Finding(state=State.OK, text=f"none in {len(files)} tracked or written-for-people files")
        return
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    yield Finding(
        state=State.MEND,
        text=f"access keys stand in {', '.join(found[:_MOST_SHOWN])}{more}; nothing is read from there",
        remedy=f"they belong in {facts.config.env_path.name} (mode 0600, ignored by git): delete them there, and "
        "`sandgate rotate`",
    )


def keys_in(path: Path) -> Iterator[int]:
    """The numbers of the lines of a text file in which an access key stands.

    Args:
        path: a file that is not there, not a file, binary or large has none.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return
        data = path.read_bytes()
    except OSError:
        return
    if b"\0" in data:
        return
    for number, line in enumerate(data.splitlines(), start=1):
        if any(_EXAMPLE not in hit[0] for pattern in (_KEY, _SECRET) for hit in pattern.finditer(line)):
            yield number


def _prose(root: Path) -> Iterable[Path]:
    """Files that people write for people; git need not track them, since that is where keys get noted down."""
    seen = 0
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in files:
            if name.lower().endswith(_PROSE):
                seen += 1
                yield Path(folder) / name
        if seen > _MOST_FILES:
            return


CHECK = Check(name="keys-in-files", place=150, look=_look)
