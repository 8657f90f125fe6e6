"""The runtime `podman`: one container for a story, each step in it."""

from __future__ import annotations

from functools import partial

from sandgate.stories.runtimes._containers import absent, engine
from sandgate.stories.runtimes._model import Runtime

__all__ = ["RUNTIME"]

RUNTIME = Runtime(
    name="podman",
    title="Containers of podman, with no daemon.",
    absent=partial(absent, "podman"),
    build=partial(engine, program="podman"),
)
