"""What a case of one's own is written against: the contracts of the registries.

Together with the package itself this is the public API; every other module may change without notice.
"""

from __future__ import annotations

from sandgate.cli._model import Command
from sandgate.config.model import Config
from sandgate.core.call import Call, Decision, Principal, ResourceRef
from sandgate.routes._model import Route, RouteMatch
from sandgate.tiers._model import FunctionSession, Leftover, Target, Tier, TierContext, Upstream

__all__ = [
    "Call",
    "Command",
    "Config",
    "Decision",
    "FunctionSession",
    "Leftover",
    "Principal",
    "ResourceRef",
    "Route",
    "RouteMatch",
    "Target",
    "Tier",
    "TierContext",
    "Upstream",
]
