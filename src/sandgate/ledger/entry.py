"""What the ledger knows of one resource, and how the two are told apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandgate.resources._model import Key, ResourceType, resource_types

__all__ = ["Claim", "Entry", "Identity", "identity_of", "name_of"]

Claim = Literal["unknown", "made", "perhaps", "going", "doubt"]
"""Why a resource counts as alive. `unknown`: a create went out and nobody heard of it again. `made`: AWS said so.
`perhaps`: it comes with another one, or was a member of a stack. `going`: its removal was accepted, and not proven.
`doubt`: whether it was there before the run could not be found out, so that it is told and never removed."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode  # `json.dumps` makes one at each call
Identity = tuple[str, str, str]
"""Type, region (empty for types of a whole account) and key as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource that is not proven gone."""

    type: str
    """Name of its type; empty when sandgate has none for what the call made."""
    key: Key
    """Incomplete when AWS chooses ids and the answer never came."""
    region: str
    """Where calls about it are sent, also for types of a whole account."""
    claims: Mapping[str, Claim]
    """By the id of the call that made the claim."""
    at: float
    """Seconds since the epoch at the first claim."""
    test: str = ""
    operation: str = ""
    """`service:operation` of the first claim."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """How one whose key is incomplete is known in a listing."""
    arn: str = ""
    why: str = ""
    """Why it could not be removed the last time, or what made it without a call of its own."""
    stack: str = ""
    """Name of the stack that it was a member of when it was adopted."""
    anew: bool = False
    """Whether the emulator that it was made in has ended since, and another one, or a new start of it, is there now."""

    @property
    def kind(self) -> ResourceType | None:
        """Its type."""
        return resource_types().get(self.type)

    @property
    def service(self) -> str:
        """Botocore's name of the service that has it."""
        return self.kind.service if self.kind is not None else self.operation.partition(":")[0]

    @property
    def complete(self) -> bool:
        """Whether the key names one resource."""
        kind = self.kind
        return kind is not None and set(kind.key) <= set(self.key)

    @property
    def claim(self) -> Claim:
        """The strongest claim."""
        order: tuple[Claim, ...] = ("made", "unknown", "perhaps", "going", "doubt")
        return next(claim for claim in order if claim in self.claims.values())

    @property
    def name(self) -> str:
        """What a person calls it."""
        return name_of(self.key) or name_of(self.told) or self.operation

    @property
    def identity(self) -> Identity:
        """What tells it from others."""
        first = next(iter(self.claims), "")
        return identity_of(self.type, self.region, self.key, call=first if not self.complete else "")


def name_of(key: Mapping[str, Any]) -> str:
    """A key as a person reads it."""
    return " ".join(value if isinstance(value, str) else json.dumps(value) for value in key.values())


def identity_of(type_: str, region: str, key: Key, *, call: str = "") -> Identity:
    """What tells a resource from others.

    Args:
        type_: name of its type.
        region: where it is.
        key: its key.
        call: id of the call, for a key that AWS has not completed yet.
    """
    kind = resource_types().get(type_)
    text = _encode(key)
    place = "" if kind is not None and kind.scope == "account" else region
    return (type_, place, f"?{call}{text}" if call else text)
