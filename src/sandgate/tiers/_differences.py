"""What the emulator's own IAM does otherwise than IAM: the list that people read, and the tables that translation uses.

`differences.json` is written by hand, one entry for each kind with what translation does about it, and tested one by
one against the emulator. `differing_operations.json` is written by `scripts/refresh_emulator_differences.py`, which
asks both sides about every mapped operation:

    literal    action that the emulator asks for -> actions of ours that stand for it (`sqs:SendMessageBatch`)
    unseen     actions that it asks on `*`, although AWS asks for them on a resource
    moved      it derives another ARN: the resource part begins with `to` in place of `from`, ends at the first `cut`,
               and loses `drop` at its end
    free       actions that it asks for although AWS asks for nothing
    kept       operation -> questions that no table answers: what the emulator says of them is wrong, and stays so
    unasked    operations that it lets anybody call who signs
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

__all__ = ["Difference", "Moved", "Tables", "differences", "tables"]

_COLONS = 5
"""Before the resource part of an ARN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One kind of difference."""

    code: str
    aws: str
    emulator: str
    translation: str
    """What is done about it; where it begins with "Nothing", the gate alone decides."""
    version: str
    """Of the emulator with which it was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How the emulator's ARN follows from the one that AWS judges."""

    old: str
    new: str
    cut: str = ""
    drop: str = ""
    actions: frozenset[str]

    def of(self, arn: str) -> str | None:
        """The pattern that the emulator has to be given beside this one; `None` where that one does."""
        *head, part = arn.split(":", _COLONS)
        if len(head) != _COLONS or not part.startswith(self.old):
            return None
        name = part.removeprefix(self.old).removesuffix(self.drop)
        if self.cut:
            name = name.split(self.cut)[0]
        if self.new != self.old and part.startswith(self.new):
            return None
        found = ":".join((*head, self.new + name))
        return None if found == arn else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables of one version of the emulator."""

    version: str
    literal: Mapping[str, frozenset[str]]
    unseen: frozenset[str]
    moved: tuple[Moved, ...]
    free: frozenset[str]
    keys: frozenset[str]
    """Condition keys that it knows, in lower case; one that ends in `/` or `-` stands for all that begin so."""

    def knows(self, key: str) -> bool:
        """Whether the emulator has a value for a condition key where AWS has one."""
        lower = key.lower()
        return lower in self.keys or any(known[-1] in "/-" and lower.startswith(known) for known in self.keys)


@cache
def differences() -> tuple[Difference, ...]:
    """Every kind, in the order of the file."""
    data = _read("differences.json")
    return tuple(Difference(**entry) for entry in data["differences"])


@cache
def tables() -> Tables:
    """The tables."""
    data = _read("differing_operations.json")
    return Tables(
        version=data["version"],
        literal=MappingProxyType({action: frozenset(own) for action, own in data["literal"].items()}),
        unseen=frozenset(data["unseen"]),
        moved=tuple(
            Moved(
                old=rule["from"],
                new=rule["to"],
                cut=rule.get("cut", ""),
                drop=rule.get("drop", ""),
                actions=frozenset(rule["actions"]),
            )
            for rule in data["moved"]
        ),
        free=frozenset(data["free"]),
        keys=frozenset(_read("differences.json")["keys"]),
    )


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources.files("sandgate.tiers").joinpath(name).read_text(encoding="utf-8"))
    return found
