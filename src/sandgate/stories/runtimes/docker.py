"""The runtime `docker`: one container for a story, each step in it."""

from __future__ import annotations

from functools import partial

from sandgate.stories.runtimes._containers import absent, engine
from sandgate.stories.runtimes._model import Runtime

__all__ = ["RUNTIME"]

RUNTIME = Runtime(
    name="docker",
    title="Containers of a docker daemon.",
    absent=partial(absent, "docker"),
    build=partial(engine, program="docker"),
)
