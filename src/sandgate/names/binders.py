"""Call to resource references: which parameter of which operation names a resource, as data.

A rule names a service, the parameter, and the type of what it names; it holds for every operation of the service
that has the parameter, unless an operation is listed as an exception. The table is `binders.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

from sandgate.core.call import ResourceRef

__all__ = ["references"]


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
    rules = _table().get(service)
    if not rules:
        return ()
    found: dict[ResourceRef, None] = {}
    for path, kind in rules.items():
        only, _, path_ = path.rpartition(":")
        if only and only != operation:
            continue
        for value in _values(parameters, path_.split(".")):
            arn = value if value.startswith("arn:") else ""
            name = value.rpartition(":")[2].rpartition("/")[2] if arn else value
            found[ResourceRef(type=kind, name=name, arn=arn)] = None
    return tuple(found)


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
