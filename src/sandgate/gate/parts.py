"""What the pipeline is given: the parts of one gate, wired by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sandgate.core.call import Call, Decision
from sandgate.gate.recorder import Recorder
from sandgate.gate.seen import Seen
from sandgate.gate.upstream import Pool
from sandgate.guard.owned import Owned
from sandgate.keys.run_keys import RunKeys
from sandgate.keys.surrogates import Surrogates
from sandgate.rewrite.rewriter import Rewriter
from sandgate.routes._model import Route
from sandgate.tiers._model import Upstream
from sandgate.wire.models import Models

__all__ = ["Decider", "Parts"]

Decider = Callable[[Call], Decision | Awaitable[Decision]]
"""Decides at once where it can; what must be asked upstream first comes later."""


@dataclass(kw_only=True)
class Parts:
    """The collaborators of `Pipeline`; the only mutable members are what front ends tell the gate."""

    models: Models
    keys: RunKeys
    surrogates: Surrogates
    rewriter: Rewriter
    upstream: Upstream
    seen: Seen
    pool: Pool
    recorder: Recorder
    routes: Mapping[str, Route]
    decide: Decider
    owned: Owned = field(default_factory=Owned)
    body_limit: int
    """Bytes of a body that is held whole."""
    ports: set[int] = field(default_factory=set)
    """Ports this gate listens on; a Host naming another one is refused."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Worker to the URL of its port."""
    tests: dict[str, str] = field(default_factory=dict)
    """Worker to the id of the test that it runs now."""
