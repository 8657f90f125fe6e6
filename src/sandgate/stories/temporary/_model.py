"""What a temporary resource is: made for a story under a name of the run, and removed with what the story put there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandgate.core.registry import discover

__all__ = ["Clients", "Temporary", "temporaries"]

Clients = Callable[[str], Any]
"""Service to its boto3 client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """One type."""

    name: str
    """Of the resource type."""
    make: Callable[[Clients, str, str], str]
    """By clients, a name and the region; returns the value of the variable."""
    remove: Callable[[Clients, str], None]
    """By clients and that value."""


def temporaries() -> Mapping[str, Temporary]:
    """Every type by name."""
    return discover("sandgate.stories.temporary", "TEMPORARY", Temporary)
