"""Members of a body found by path and replaced in place: every other byte stays as it was.

A path is written with dots; `[]` is any entry of a list, `{}` any key of a map: `Stacks.[].Outputs.[].OutputValue`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Document", "Found", "RewriteError", "Steps", "follow", "steps_of"]

Steps = Mapping[str, "Steps"]
"""Paths merged into a tree; the key of an end is the empty string."""


class RewriteError(Exception):
    """A body that must be rewritten cannot be read. Its text holds nothing of the body."""


@dataclass(frozen=True, slots=True)
class Found:
    """One member of a body."""

    path: str
    """As it was asked for, or its steps in the body where the format has no lists of its own."""
    parent: int
    """Where the structure that holds it begins; members of one structure share it."""
    start: int
    end: int
    text: str = field(repr=False)
    """The value decoded."""


@dataclass(frozen=True, slots=True)
class Document:
    """A body and what was found in it."""

    body: bytes = field(repr=False)
    found: Sequence[Found]
    encode: Callable[[str], bytes]
    """Writes a text as the format does."""

    def replaced(self, changes: Mapping[Found, str]) -> bytes:
        """The body with some of what was found replaced."""
        pieces: list[bytes] = []
        at = 0
        for member in sorted(changes, key=lambda member: member.start):
            pieces += (self.body[at : member.start], self.encode(changes[member]))
            at = member.end
        pieces.append(self.body[at:])
        return b"".join(pieces)


def steps_of(paths: Iterable[str]) -> Steps:
    """Merge paths into a tree."""
    tree: dict[str, dict[str, object]] = {}
    for path in paths:
        node: dict[str, dict[str, object]] = tree
        for step in path.split("."):
            node = node.setdefault(step, {})  # type: ignore[assignment]
        node[""] = {}
    return tree  # type: ignore[return-value]


def follow(steps: Steps, name: str, *, wildcard: str) -> tuple[str, Steps | None]:
    """The step to take for a name, and what follows it; None when no path goes there."""
    if name in steps and name:
        return name, steps[name]
    return wildcard, steps.get(wildcard)
