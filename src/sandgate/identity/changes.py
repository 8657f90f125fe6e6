"""What a deployment of the identity's template would make, change, keep and remove. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Change", "changes_between"]

_What = Literal["make", "change", "keep", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource."""

    what: _What
    logical_id: str
    type: str
    name: str
    """As IAM calls it."""
    properties: tuple[str, ...] = ()
    """Where something changes."""


def changes_between(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes from one template to another, in the order of the new one; removals come last.

    Args:
        old: of the stack as it is; `None` where there is none.
        new: to deploy.
    """
    before: Mapping[str, Any] = (old or {}).get("Resources", {})
    after: Mapping[str, Any] = new["Resources"]
    found = [_change(key, before.get(key), resource) for key, resource in after.items()]
    gone = (_named("remove", key, resource) for key, resource in before.items() if key not in after)
    return (*found, *gone)


def _change(key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Change:
    if old is None:
        return _named("make", key, new)
    names = {**old.get("Properties", {}), **new["Properties"]}
    differing = tuple(name for name in names if _text(_of(old, name)) != _text(_of(new, name)))
    return _named("change" if differing else "keep", key, new, differing)


def _of(resource: Mapping[str, Any], name: str) -> object:
    return resource.get("Properties", {}).get(name)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _named(what: _What, key: str, resource: Mapping[str, Any], properties: tuple[str, ...] = ()) -> Change:
    values = resource.get("Properties", {})
    name = next(
        (str(values[one]) for one in ("UserName", "RoleName", "ManagedPolicyName", "TableName") if one in values), key
    )
    return Change(what=what, logical_id=key, type=str(resource["Type"]), name=name, properties=properties)
