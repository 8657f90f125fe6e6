"""How each service says that it is called too often or fails; the data is in `errors.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from sandgate.faults._model import Failure

__all__ = ["failure_of"]


def failure_of(kind: str, service: str, operation: str, protocol: str) -> Failure:
    """The error by which a service says so.

    Args:
        kind: `throttle`, `internal` or `unavailable`.
        service: botocore's name.
        operation: may have an error of its own.
        protocol: of the request, for services that have none.
    """
    data = _data()
    entries = data[kind]
    group = next((name for name, members in data["groups"].items() if _is_in(service, operation, name, members)), "")
    for key in (group or service, service, protocol.removeprefix("smithy-"), ""):
        if key in entries:
            return Failure(**entries[key])
    raise LookupError(kind)


def _is_in(service: str, operation: str, group: str, members: Sequence[str]) -> bool:
    """Groups are named after their service."""
    return group.partition(" ")[0] == service and operation in members


@cache
def _data() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files("sandgate.faults").joinpath("errors.toml").read_text(encoding="utf-8"))
