"""The tables of one service, read on its first call, and the rules that are made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sandgate.iam.actions.unmapped import Unmapped

__all__ = ["Table", "mapped_services", "table", "unmapped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`data/operations/<service>.json`, laid over `data/common.json`; the format is told in `sandgate.iam.actions`."""

    service: str
    prefix: str
    variables: Mapping[str, Any]
    types: Mapping[str, Any]
    operations: Mapping[str, Any]
    free: Mapping[str, str]
    star: Mapping[str, str]
    """Operations that AWS authorises on `*` although the reference has a type, with the reason."""
    free_unsigned: Mapping[str, str]
    bearer: Mapping[str, str]
    """Operations that take a token which only a checked call of this run gives, with the reason."""
    keys: Mapping[str, Any]
    arns: tuple[str, ...]
    tags: tuple[Mapping[str, Any], ...]
    tag_with: Mapping[str, str]
    passed_to: Mapping[str, str]
    roles: Mapping[str, tuple[str, ...]]
    forward: tuple[Mapping[str, Any], ...]


@cache
def mapped_services() -> frozenset[str]:
    """Botocore's names of the services that have a table."""
    folder = resources.files("sandgate.iam").joinpath("data", "operations")
    return frozenset(file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json"))


@cache
def unmapped() -> Mapping[str, Mapping[str, str]]:
    """Service to operation to the reason why nothing says what it needs."""
    found: Mapping[str, Mapping[str, str]] = _read("unmapped.json")["services"]
    return found


@cache
def table(service: str) -> Table:
    """The tables of a service.

    Args:
        service: botocore's name.

    Raises:
        Unmapped: there is none.
    """
    if service not in mapped_services():
        raise Unmapped("no table says what this service's operations need", operation=service)
    own, common = _read("operations", f"{service}.json"), _read("common.json")
    return Table(
        service=service,
        prefix=own.get("prefix", service),
        variables={**common["variables"], **own.get("variables", {})},
        types={**common["types"], **own.get("types", {})},
        operations=own.get("operations", {}),
        free=own.get("free", {}),
        star=own.get("star", {}),
        free_unsigned=own.get("free-unsigned", {}),
        bearer=own.get("bearer", {}),
        keys=own.get("keys", {}),
        arns=tuple(own.get("arns", ())),
        tags=tuple(own.get("tags", common["tags"])),
        tag_with=_per_operation(own.get("tag-with", {})),
        passed_to=_per_operation(own.get("passed-to", {})),
        roles={name: tuple(paths) for name, paths in {**_roles().get(service, {}), **own.get("roles", {})}.items()},
        forward=tuple(_read("forward_access.json")["services"].get(service, ())),
    )


def _per_operation(value: str | Mapping[str, str]) -> Mapping[str, str]:
    return {"*": value} if isinstance(value, str) else value


@cache
def _roles() -> Mapping[str, Mapping[str, list[str]]]:
    found: Mapping[str, Mapping[str, list[str]]] = _read("roles.json")["services"]
    return found


@cache
def _read(*path: str) -> Any:
    return json.loads(resources.files("sandgate.iam").joinpath("data", *path).read_text(encoding="utf-8"))
