"""The folder that a command is started in."""

from __future__ import annotations

from pathlib import Path

from sandgate.errors import EnvironmentFault

__all__ = ["here"]


def here() -> Path:
    """The current folder.

    Raises:
        EnvironmentFault: it has been removed, or no path leads to it.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise EnvironmentFault(
            f"the current folder cannot be used: {error.strerror}",
            where="the folder that this shell stands in",
            hint="it was removed or made unreadable: change to one that is there, with `cd`",
        ) from None
