"""The callbacks that `examine` and `check` take, answered by the catalogue of IAM actions and by glob inclusion."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources

from sandgate.errors import SandgateError
from sandgate.iam.catalog import Action, catalog, prefixes
from sandgate.iam.parse import parse_document
from sandgate.iam.scope import outside

__all__ = ["granted_outside", "known_action"]


def known_action(action: str) -> bool:
    """Whether IAM knows an action; actions of services without a catalogue are taken to exist."""
    prefix = action.partition(":")[0]
    return prefix not in prefixes() or _entry(action) is not None


def granted_outside(inside: Sequence[str]) -> Callable[[Mapping[str, object]], tuple[str, ...]]:
    """What a document grants outside a sandbox.

    Actions that only read, on what cannot be named, may stand on `*`, and so may writing metrics and traces.

    Args:
        inside: ARN patterns of the sandbox.

    Returns:
        A function from a document to one text for each thing that it grants outside; a document that cannot be read
        grants what nobody knows.
    """

    def judge(document: Mapping[str, object]) -> tuple[str, ...]:
        try:
            parsed = parse_document(document)
        except SandgateError as error:
            return (f"{error.message} ({error.where})",)
        return tuple(one.text() for one in outside(parsed, inside, scopable=_scopable, literal_actions=False))

    return judge


def _scopable(action: str) -> bool:
    entry = _entry(action)
    reads = entry is not None and not entry.types and set(entry.level.split(", ")) <= {"Read", "List"}
    return not reads and action.lower() not in _anywhere()


def _entry(action: str) -> Action | None:
    prefix, _, name = action.partition(":")
    return catalog(prefix).action(name)


@cache
def _anywhere() -> frozenset[str]:
    file = resources.files("sandgate.guard.templates").joinpath("data", "managed_policies.json")
    return frozenset(action.lower() for action in json.loads(file.read_text(encoding="utf-8"))["anywhere"])
