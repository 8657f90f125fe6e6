"""What made CI run, in words that are the same for every provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Event", "Kind"]

Kind = Literal["push", "change", "queue", "schedule", "manual", "release", "deployment", "after", "other"]
"""`change` is a pull or merge request, `queue` one that waits to be merged, `after` the end of another workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event, as far as rules ask about it."""

    kind: Kind
    name: str
    """As the provider calls it, for messages."""
    ref: str = ""
    """Full name of what is pushed, released or merged: `refs/heads/x`, `refs/tags/v1`."""
    target: str = ""
    """Full name of the branch that it would be merged into."""
    labels: tuple[str, ...] = ()
    foreign: str = ""
    """Repository that the code comes from, where it is another one than CI runs for."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Of somebody who started it by hand."""
    base_commit: str = ""
    """What the change is to be compared with; empty where there is nothing, or nobody knows."""
    head_commit: str = ""
    number: int = 0
    """Of the pull or merge request."""
