"""What the hooks and the fixtures share, as typed keys of pytest's stash; there is no other state."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sandgate.run import Run

__all__ = ["STATE", "ServerError", "State"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """An answer of 500 or above that the `api` fixture got."""

    title: str
    """`GET /users answered 502`."""
    since: float
    """When the request was sent, in seconds since 1970."""
    functions: tuple[str, ...]
    """Names of the functions that may have caused it."""


@dataclass(slots=True, kw_only=True)
class State:
    """This process's part in a run."""

    run: Run
    worker: str
    """`main`, or the name that pytest-xdist gave this process."""
    server_errors: list[ServerError]
    """Of the test that runs now."""

    @property
    def namespace(self) -> str:
        """The namespace of this worker."""
        return self.run.namespace_of(self.worker)


STATE = pytest.StashKey[State]()
