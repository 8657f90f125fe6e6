"""Which files an event changes, as git knows it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sandgate.ci.event import Event

__all__ = ["changed_by_git", "compares"]

_COMPARED = frozenset({"push", "change", "queue"})
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SECONDS = 60.0


def compares(event: Event) -> bool:
    """Whether the event changes files at all; a schedule does not."""
    return event.kind in _COMPARED


def changed_by_git(event: Event, folder: Path) -> tuple[str, ...] | None:
    """The files, from the repository's root; a renamed one counts under both names.

    Args:
        event: what is compared is named by commits, never by names that somebody chose.
        folder: inside the repository.

    Returns:
        `None` where git is missing, or has not both commits: a shallow clone, the first push of a branch.
    """
    base, head = event.base_commit, event.head_commit
    if not (_COMMIT.fullmatch(base) and _COMMIT.fullmatch(head)):
        return None
    # What a change brings is held against where it branched off; a push against what was there before.
    between = [f"{base}...{head}"] if event.kind == "change" else [base, head]
    command = ["git", "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", *between, "--"]
    try:
        done = subprocess.run(  # noqa: S603 - nothing in it is anybody's text
            command, cwd=folder, capture_output=True, check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(name for name in done.stdout.decode(errors="surrogateescape").split("\0") if name)
