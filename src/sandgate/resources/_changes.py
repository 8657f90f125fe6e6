"""Operations that change what is there, of which type that is and where a call names it; and why others do not.

One file per service in `changes/`. `changes` is a list of rules: `operations` (names, or patterns: `Update*`), the
`type` of what they change, its `key` (member to path in the request; members that it cannot tell are left out, as long
as one is left), and where they are needed `entries` (path of the things in a request that names several), `or` (other
types that the same name may be of) and `pattern` (whose first group is the key, in a statement). `harmless` is an
operation or pattern to the reason why it changes nothing that is worth telling: one clause that a person can check.

What is said of an operation by its name goes before what is said of a pattern. Patterns do not hold for what makes or
removes a whole resource, and labels (tags) are left out everywhere.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sandgate.resources._elsewhere import untyped
from sandgate.resources._model import resource_types

__all__ = ["Change", "changes_of", "harmless"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an operation changes."""

    types: tuple[str, ...]
    """Name of its type, and of those that the same name may be of."""
    key: Mapping[str, str]
    """Key member to path in the request, or in an entry."""
    entries: str = "@"
    pattern: str = ""


@cache
def changes_of(service: str, operation: str) -> tuple[Change, ...]:
    """What an operation changes; empty for one that changes nothing, or nothing that is worth telling.

    Args:
        service: botocore's name.
        operation: as AWS writes it.
    """
    table = _table(service)
    rules = [(name, rule) for rule in table.get("changes", ()) for name in rule["operations"]]
    found = [rule for name, rule in rules if name == operation]
    told = operation in _wholes(service) or untyped(service, operation)
    if not found and not told and harmless(service, operation) is None:
        found = [rule for name, rule in rules if fnmatch.fnmatchcase(operation, name)]
    return tuple(
        Change(
            types=(rule["type"], *rule.get("or", ())),
            key=rule["key"],
            entries=rule.get("entries", "@"),
            pattern=rule.get("pattern", ""),
        )
        for rule in found
    )


def harmless(service: str, operation: str) -> str | None:
    """Why an operation changes nothing that is worth telling; None where nobody says so, or a rule names it.

    Args:
        service: botocore's name.
        operation: as AWS writes it.
    """
    table = _table(service)
    reasons: Mapping[str, str] = table.get("harmless", {})
    if operation in reasons:
        return reasons[operation]
    if any(operation in rule["operations"] for rule in table.get("changes", ())):
        return None
    return next((why for name, why in reasons.items() if fnmatch.fnmatchcase(operation, name)), None)


@cache
def _wholes(service: str) -> frozenset[str]:
    """Operations that make or remove a whole resource."""
    kinds = [kind for kind in resource_types().values() if kind.service == service]
    made = (create.operation for kind in kinds for create in kind.creates)
    removed = (name for kind in kinds for name in (kind.removal.operation, *kind.removal.also))
    return frozenset((*made, *removed))


@cache
def _table(service: str) -> Mapping[str, Any]:
    file = resources.files("sandgate.resources").joinpath("changes", f"{service}.json")
    table: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return table
