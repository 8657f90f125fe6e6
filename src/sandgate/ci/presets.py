"""Policies under one name: how three teams decide when CI may use a real account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A name for a policy."""

    policy: str
    """As it would stand in `ci_policy`."""
    summary: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "every-change": Preset(
            policy="any(branch, manual)",
            summary="Each push to the main branches, each change into them, and by hand: for a small suite that only a "
            "real account can prove, such as a library for credentials.",
        ),
        "platform": Preset(
            policy="any(all(critical-paths, label), nightly, promotion)",
            summary="Changes of critical paths once somebody puts the label on, each night, and before what becomes "
            "production: for many workflows in one repository.",
        ),
        "developers": Preset(
            policy="never",
            summary="Never in CI: people start it, and the emulated tier gates what is published.",
        ),
    }
)
