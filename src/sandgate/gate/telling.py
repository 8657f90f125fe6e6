"""What a call leaves in somebody else's container and nobody can take out again: told, once for each container."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from sandgate.core.call import Call
from sandgate.core.paths import every, first

__all__ = ["Left", "is_told", "left_by"]


class Left(NamedTuple):
    """What a call leaves in one container."""

    what: str
    """`sent`, `unnamed`."""
    type: str
    """Name of the container's type."""
    key: Mapping[str, str]
    """The container's."""


@cache
def _table() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    text = resources.files("sandgate.gate").joinpath("told.json").read_text(encoding="utf-8")
    services = {service: rules for service, rules in json.loads(text).items() if service}
    return {(service, operation): rule for service, rules in services.items() for operation, rule in rules.items()}


def is_told(call: Call) -> bool:
    """Whether a call may leave such a thing."""
    return (call.service, call.operation) in _table()


def left_by(call: Call) -> Iterator[Left]:
    """What a call leaves, container by container, each once."""
    rule = _table().get((call.service, call.operation))
    if rule is None:
        return
    seen = set()
    for entry in every(call.parameters, rule["entries"]):
        name = first(entry, rule["path"])
        if "pattern" in rule:
            found = re.match(rule["pattern"], str(name))
            name = found[1] if found else None
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            yield Left(rule["what"], rule["type"], {rule["member"]: name})
