"""What calls say beyond what IAM asks: `data/targets.json`, read once, and the values that a call has at its paths."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from sandgate.iam.actions.paths import Steps, select

__all__ = ["GRANTS", "Said", "Spot", "Unreadable", "json_of", "said", "spots", "table"]

GRANTS: Final = "grants"
"""Kind of a policy that somebody then carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in the parameters of an operation, and what stands there."""

    steps: Steps
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a call has at one spot."""

    kind: str
    member: str
    """`Targets[0].Arn`."""
    value: object
    parameters: Mapping[str, object]
    """Of the whole call: some members say what others mean."""


class Unreadable(ValueError):
    """A value that must name something, and cannot be read.

    Args:
        wanted: what it must be.
        value: the text; empty where it may be a user's data.
    """

    def __init__(self, wanted: str, value: object = "") -> None:
        super().__init__(wanted)
        self.wanted = wanted
        self.value = value if isinstance(value, str) else ""


@cache
def table() -> Mapping[str, Any]:
    """The data file."""
    text = resources.files("sandgate.guard").joinpath("data", "targets.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


@cache
def spots() -> Mapping[tuple[str, str], tuple[Spot, ...]]:
    """Service and operation to what is looked at; most operations are not among them."""
    return MappingProxyType({
        (service, operation): tuple(Spot(steps=_steps(path), kind=kind) for path, kind in paths.items())
        for service, operations in table()["operations"].items()
        for operation, paths in operations.items()
    })  # fmt: skip


def said(parameters: Mapping[str, object], places: tuple[Spot, ...]) -> Iterator[Said]:
    """What a call says; an empty text takes something away, and names nothing, unless it stands for a policy."""
    for spot in places:
        if spot.steps and spot.steps[0] not in parameters:
            continue  # most of what can be said is not: an upload seldom has a list of grants
        for value, member in select(parameters, spot.steps):
            if value not in ("", b"") or spot.kind == GRANTS:
                yield Said(kind=spot.kind, member=member, value=value, parameters=parameters)


def json_of(value: object) -> object:
    """A text as JSON.

    Raises:
        Unreadable: it is none, nested too deep, or has a key twice, which two readers may understand differently.
    """
    if not isinstance(value, str | bytes):
        raise Unreadable("a JSON text")
    try:
        return json.loads(value, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Unreadable("a JSON text in which no key stands twice") from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _steps(path: str) -> Steps:
    return tuple(path.split(".")) if path else ()
