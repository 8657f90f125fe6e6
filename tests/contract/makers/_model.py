"""How a contract test makes one resource of a type, and what it puts in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandgate.ledger.state import State

__all__ = ["Maker", "World"]


@dataclass(slots=True, kw_only=True)
class World:
    """What makers work with."""

    client: Callable[[str], Any]
    """boto3 clients through the gate, as the tests' identity."""
    deployer: Callable[[str], Any]
    region: str
    account: str
    ledger: Callable[[], State]
    """What the run's ledger says now."""
    cleanup: list[Callable[[], object]] = field(default_factory=list)
    """Called at the end, last first: what a resource needs around it (a role, a bucket) is removed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """One type's."""

    make: Callable[[World, str], None]
    """Makes one of that name, with plain boto3 calls as a test would; the name begins with `test-` and is unique."""
    fill: Callable[[World, str], None] | None = None
    """Puts in what a removal must empty: objects, items, keys, attachments."""
    underscore: bool = False
    """Whether names of the type have no dashes."""
    paged: bool = True
    """Whether the emulator pages the listing. Where it does not, it shows as many as a page may have and says nothing
    of the others: the listing asks for large pages then."""
    allow: tuple[str, ...] = ()
    """Actions that the guard grants nobody as shipped, and that a project must allow to have such a resource."""
    container: Callable[[World, str], Mapping[str, Any]] | None = None
    """For types within another: makes the container of that name, leaves its removal to `cleanup`, and answers its key;
    `make` is given the same name, and so is what is inside."""
