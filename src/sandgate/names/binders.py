"""Call to resource references: which parameter of which operation names a resource, as data.

A rule names a service, the parameter, and the type of what it names; it holds for every operation of the service
that has the parameter, unless an operation is listed as an exception. The table is `binders.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

from sandgate.core.call import ResourceRef

__all__ = ["name_in_arn", "references", "rules"]

_RESOURCE = 5
_ARN_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:table|stream|stack|event-bus|userpool|key|alias|restapis)/([^/:]+)",
        r"(?:function|layer|log-group|stateMachine|secret):([^:]+)",
        r"(?:user|role|policy|rule)/(?:.*/)?([^/]+)$",
        r"repository/(.+)",
        r"parameter(/.+)",
    )
)


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = resources.files("sandgate.names").joinpath("binders.json").read_text(encoding="utf-8")
    return {service: dict(rules) for service, rules in json.loads(text)["services"].items()}


def references(service: str, operation: str, parameters: Mapping[str, object]) -> tuple[ResourceRef, ...]:
    """The resources that a call names.

    Args:
        service: botocore's name of the service.
        operation: operation name, for rules that hold for one operation only (`Operation:parameter`).
        parameters: parsed parameters.

    Returns:
        In the order of the table, each once; empty for services that the table does not know.
    """
    found: dict[tuple[str, str], None] = {}
    for path, kind in rules(service, operation):
        if path[0] not in parameters:  # nearly always
            continue
        for text in _values(parameters, path):
            found[kind, text] = None
    return tuple([_reference(kind, value) for kind, value in found])


@cache
def rules(service: str, operation: str) -> Sequence[tuple[tuple[str, ...], str]]:
    """Path and type of every rule that can hold for an operation.

    Args:
        service: botocore's name of the service.
        operation: operation name.
    """
    found = []
    for path, kind in _table().get(service, {}).items():
        only, _, steps = path.rpartition(":")
        if only in ("", operation):
            found.append((tuple(steps.split(".")), kind))
    return tuple(found)


def _reference(kind: str, value: str) -> ResourceRef:
    """A queue is named by its URL, and many others by an ARN."""
    if value.startswith("arn:"):
        return ResourceRef(type=kind, name=name_in_arn(value), arn=value)
    if value.startswith(("http://", "https://")):
        return ResourceRef(type=kind, name=value.rpartition("/")[2])
    return ResourceRef(type=kind, name=value)


def name_in_arn(arn: str) -> str:
    """What a client would call the resource: without its type, path, qualifier, index or stream.

    Formats: Service Authorization Reference, "Resource types defined by ...", of the services in `binders.json`.
    """
    parts = arn.split(":", 5)
    if len(parts) <= _RESOURCE:
        return arn
    service, rest = parts[2], parts[_RESOURCE]
    if service == "s3":
        return rest.partition("/")[0]
    for pattern in _ARN_NAMES:
        found = pattern.match(rest)
        if found:
            return found[1]
    return rest.partition(":")[0]


def _values(node: object, path: Sequence[str]) -> Iterator[str]:
    """Follow member names; `*` goes through the entries of a list, `@` through the keys of a map."""
    if not path:
        if isinstance(node, str) and node:
            yield node
        return
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(node, list):
        for entry in node:
            yield from _values(entry, rest)
    elif step == "@" and isinstance(node, Mapping):
        for key in node:
            yield from _values(key, rest)
    elif isinstance(node, Mapping) and step in node:
        yield from _values(node[step], rest)
