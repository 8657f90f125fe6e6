"""What other runs of a project have to do with a resource: the same name may have become theirs since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandgate.ledger.entry import Identity
from sandgate.ledger.state import State

__all__ = ["Others", "others_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What the ledgers of other runs say."""

    known: frozenset[Identity] = frozenset()
    """What they made, also what is gone by now."""
    in_use: Mapping[Identity, str] = field(default_factory=dict)
    """What runs that live own, or found when they wanted to make it; and which run."""
    made: Mapping[Identity, tuple[float, str]] = field(default_factory=dict)
    """What they own for certain: when the last of them made it, in seconds since 1970, and which."""


def others_of(ledgers: Mapping[str, tuple[State, bool]]) -> Others:
    """What the ledgers of other runs say.

    Args:
        ledgers: of runs on the same upstream: id of the run to what its ledger says, and whether it lives.
    """
    in_use: dict[Identity, str] = {}
    made: dict[Identity, tuple[float, str]] = {}
    for run, (state, live) in ledgers.items():
        if live:
            in_use |= dict.fromkeys((*state.alive, *state.uses), run)
        for identity, entry in state.alive.items():
            if entry.claim == "made":
                made[identity] = max(made.get(identity, (0.0, "")), (entry.at, run))
    known = frozenset(identity for state, _ in ledgers.values() for identity in state.known)
    return Others(known=known, in_use=in_use, made=made)
