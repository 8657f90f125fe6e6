"""What the sandbox policy grants per service: `data/services.json`, read and checked once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from sandgate.iam.catalog import catalog

__all__ = ["ById", "Extra", "Granted", "Named", "granted", "prefixes_of", "service_names", "services_of"]

_READS = frozenset({"Read", "List"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A resource type that the user names."""

    arn: str
    """Template with one of `{name}`, `{dash}`, `{path}`."""
    then: tuple[str, ...] = ()
    """What follows the exact name of what is inside such a resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ById:
    """A resource type with random ids."""

    arn: str
    """Template with `{id}`."""
    names: str = ""
    """Not empty where the id is itself a percent-encoded ARN."""
    owners: tuple[str, ...] = ()
    """Templates of what the id belongs to; empty: the resource itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A statement of its own, with the reason why it is harmless."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What is granted of one IAM prefix."""

    prefix: str
    services: tuple[str, ...]
    """Botocore's names."""
    inside: tuple[Named, ...]
    inside_actions: tuple[str, ...]
    """With the prefix; `("sqs:*",)` for all."""
    by_id: tuple[ById, ...]
    by_id_actions: tuple[str, ...]
    unscoped: Mapping[str, str]
    """Actions that are granted on `*`, with the reason; reads without a resource type need none."""
    extras: tuple[Extra, ...]


@cache
def granted() -> Mapping[str, Granted]:
    """IAM prefix to what is granted of it."""
    raw = json.loads(resources.files("sandgate.guard").joinpath("data", "services.json").read_text(encoding="utf-8"))
    return MappingProxyType({prefix: _granted(prefix, entry) for prefix, entry in raw["prefixes"].items()})


@cache
def service_names() -> frozenset[str]:
    """Botocore's names of every service that a sandbox can have."""
    return frozenset(name for entry in granted().values() for name in entry.services)


def prefixes_of(services: Iterable[str]) -> tuple[str, ...]:
    """IAM prefixes that services bring; all of them for none."""
    wanted = frozenset(services) or service_names()
    return tuple(prefix for prefix, entry in granted().items() if wanted.intersection(entry.services))


def services_of(prefix: str) -> tuple[str, ...]:
    """Botocore's names of the services that an IAM prefix belongs to; empty for one that is not granted."""
    entry = granted().get(prefix)
    return entry.services if entry else ()


def _granted(prefix: str, entry: Mapping[str, Any]) -> Granted:
    return Granted(
        prefix=prefix,
        services=tuple(entry["services"]),
        inside=tuple(Named(arn=item["arn"], then=tuple(item.get("then", ()))) for item in entry.get("inside", ())),
        inside_actions=_actions(prefix, entry.get("inside_actions")),
        by_id=tuple(ById(**{**item, "owners": tuple(item.get("owners", ()))}) for item in entry.get("by_id", ())),
        by_id_actions=_actions(prefix, entry.get("by_id_actions")),
        unscoped=MappingProxyType(_unscoped(prefix, entry)),
        extras=tuple(_extra(item) for item in entry.get("grants", ())),
    )


def _actions(prefix: str, names: Iterable[str] | None) -> tuple[str, ...]:
    return (f"{prefix}:*",) if names is None else tuple(f"{prefix}:{name}" for name in names)


def _unscoped(prefix: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """Reads of the catalogue that have no resource type, less those that are named; and what else is named."""
    only, never = entry.get("only_read"), entry.get("not_read", {})
    reads = {
        f"{prefix}:{action.name}": ""
        for action in catalog(prefix).actions.values()
        if not action.types
        and action.level in _READS
        and action.name not in never
        and (only is None or action.name in only)
    }
    return {**reads, **{f"{prefix}:{name}": reason for name, reason in entry.get("also", {}).items()}}


def _extra(item: Mapping[str, Any]) -> Extra:
    conditions = {
        operator: {key: tuple(values) for key, values in keys.items()}
        for operator, keys in item.get("conditions", {}).items()
    }
    return Extra(
        sid=item["sid"],
        actions=tuple(item["actions"]),
        resources=tuple(item["resources"]),
        reason=item["reason"],
        conditions=conditions,
    )
