"""Resource types: which property names them, what their ARN looks like, and what their handlers ask of IAM, as data.

`types.json` is written by hand, `handlers.json` by `scripts/refresh_cfn_data.py` from the schemas of cfn-lint. A type
in neither is looked up in an installed cfn-lint (extra `cfn`), unless the table covers other types of its service; what
is left is unknown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources, util
from pathlib import Path
from typing import Any

__all__ = ["TypeRule", "notes", "phases", "refused_types", "rule_of", "rule_types", "service_of"]


_PHASES = ("create", "update", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRule:
    """What is known of one resource type."""

    name: str = ""
    """The property that is the physical name; empty where the service makes an id up."""
    arn: tuple[str, ...] = ()
    """Forms of its ARN after the partition."""
    ref: str = "name"
    """What `Ref` gives: `name`, `arn`, or `id` (made up)."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attributes whose value is a form of its ARN other than the first."""
    generated: str = "{stack}-{logical}-{random}"
    """The name that CloudFormation makes up."""
    lower: bool = False
    """Generated names are in lower case."""
    service: str = ""
    """IAM service, where neither the ARN nor the handlers say it."""
    ref_property: str = ""
    """The property that `Ref` gives, for types without a name of their own."""
    chosen: bool = False
    """`Ref` gives what the template or a function chose, and nobody knows here what that is."""
    nested: bool = False
    """It is a stack of its own; `Fn::GetAtt` of its outputs reads another template."""
    local: bool = False
    """It lives in CloudFormation alone."""
    read_only: frozenset[str] = frozenset()
    """Attributes that the service gives; none of a type that nobody described by hand."""


@cache
def rule_of(type_name: str) -> TypeRule | None:
    """The rule of a type; `None` for unknown ones."""
    if type_name.startswith("Custom::"):
        type_name = "AWS::CloudFormation::CustomResource"
    described = _data("types.json")["types"].get(type_name)
    if described is None:
        # What is left out of a service that the table covers was left out on purpose.
        schema = None if _service(type_name) in _services() else _installed_schema(type_name)
        return None if schema is None else _rule_from_schema(type_name, schema)
    given: dict[str, Any] = {key: tuple(value) if key == "arn" else value for key, value in described.items()}
    if "name" not in given:
        given.setdefault("ref", "id")
        given.setdefault("chosen", bool(_handlers(type_name).get("chosen")) and "ref_property" not in given)
    return TypeRule(read_only=frozenset(_handlers(type_name).get("read_only", ())), **given)


@cache
def phases(type_name: str) -> Mapping[str, tuple[str, ...]]:
    """The permissions of the handlers `create`, `update` and `delete`; empty for types without a schema."""
    handlers = _handlers(type_name)
    if not handlers:
        schema = _installed_schema(type_name) or {}
        found = schema.get("handlers", {})
        handlers = {phase: found.get(phase, {}).get("permissions", ()) for phase in _PHASES}
    return {phase: tuple(handlers.get(phase, ())) for phase in _PHASES}


def refused_types() -> Mapping[str, str]:
    """Types that no sandbox may hold, with the reason."""
    refused: Mapping[str, str] = _data("types.json")["refused"]
    return refused


def notes(kind: str, type_name: str) -> Any:
    """What `types.json` says of a type under `elsewhere`, `open` or `public`; empty where it says nothing."""
    return _data("types.json")[kind].get(type_name, ())


@cache
def service_of(type_name: str) -> str:
    """The IAM service that the handlers of a type call most; empty for what lives in CloudFormation alone."""
    rule = rule_of(type_name)
    if rule is None or rule.local or rule.nested:
        return ""
    asked = Counter(action.partition(":")[0] for actions in phases(type_name).values() for action in actions)
    if rule.service:
        return rule.service
    if rule.arn:
        return rule.arn[0].partition(":")[0]
    return asked.most_common(1)[0][0] if asked else type_name.split("::")[1].lower()


def rule_types() -> tuple[str, ...]:
    """Every type that is described by hand."""
    return tuple(_data("types.json")["types"])


def _service(type_name: str) -> str:
    return "::".join(type_name.split("::")[:2])


@cache
def _services() -> frozenset[str]:
    return frozenset(_service(name) for name in _data("types.json")["types"])


@cache
def _data(name: str) -> Mapping[str, Any]:
    text = resources.files("sandgate.guard.templates").joinpath("data", name).read_text(encoding="utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data


def _handlers(type_name: str) -> Mapping[str, Any]:
    data = _data("handlers.json")
    found = data["types"].get(type_name)
    if found is None:
        return {}
    actions = data["actions"]
    return {key: [actions[index] for index in value] if key in _PHASES else value for key, value in found.items()}


@cache
def _installed_schema(type_name: str) -> Mapping[str, Any] | None:
    """The schema in an installed cfn-lint, read as a file: importing cfn-lint itself would take a second."""
    found = util.find_spec("cfnlint")
    if found is None or found.origin is None or not type_name.startswith("AWS::"):
        return None
    folder = Path(found.origin).parent / "data" / "schemas"
    try:
        index = json.loads((folder / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
        if type_name not in index:
            return None
        schema: Mapping[str, Any] = json.loads(
            (folder / "resources" / f"{index[type_name]}.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return None
    return schema


def _rule_from_schema(type_name: str, schema: Mapping[str, Any]) -> TypeRule:
    """A rule that knows no ARN: the name stands where an ARN has its resource, so only a name in reach is inside."""
    identifiers = [
        *schema.get("primaryIdentifier", ()),
        *(i for ids in schema.get("additionalIdentifiers", ()) for i in ids),
    ]
    given = [one for one in identifiers if one not in schema.get("readOnlyProperties", ())]
    service = type_name.split("::")[1].lower()
    name = given[0].removeprefix("/properties/") if given else ""
    form = f"{service}:{{region}}:{{account}}:{{name}}" if name else f"{service}:{{region}}:{{account}}:{{id}}"
    return TypeRule(name=name, arn=(form,), ref="name" if name else "id")
