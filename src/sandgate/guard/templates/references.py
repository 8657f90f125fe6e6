"""What the properties of a resource refer to: texts that are ARNs, and texts under keys that name another resource.

A value that is not known counts wherever it stands, except where only a credential or free text can be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sandgate.guard.templates.members import arn_of
from sandgate.guard.templates.model import Place
from sandgate.guard.templates.types import rule_of
from sandgate.guard.templates.values import Unknown

__all__ = ["Named", "aws_owned", "named_in", "reference_arn"]

_ROLE_KEY = re.compile(r"(?i)role_?arn$")
_ARN_KEY = re.compile(r"(?i)arns?$")
_CREDENTIAL = re.compile(r"(?i)(password|username|token)$")
_ARN = re.compile(r"arn:[a-z0-9-]+:[a-z0-9-]+:[^:\s\"',]*:[^:\s\"',]*:[^\s\"',]+")
_INTEGRATION = re.compile(r"arn:[a-z-]+:apigateway:[^:]*:[a-z0-9.-]+:(?:path|action)/")
_S3_URI = re.compile(r"s3://([^/]+)")
_QUEUE_URL = re.compile(r"https?://[^/]+/([^/]+)/([^/]+)")
_IMAGE = re.compile(r"([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?:[:@].*)?")
_LAYER = re.compile(r"(arn:[^:]+:lambda:[^:]*:[^:]*:layer:[^:]+)(?::[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A text that names a resource, or a value that is not known and could name one."""

    path: tuple[str, ...]
    value: str | Unknown
    kind: str
    """Kind of `references.json`; `arn` for texts that say themselves what they name."""


def named_in(type_name: str, properties: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Named]:
    """Every text in resolved properties that names another resource.

    Args:
        type_name: CloudFormation type, for keys that mean something else in it.
        properties: resolved properties; policy documents taken out.
        path: where they stand in the template.
    """
    rule = rule_of(type_name)
    own = rule.name if rule else ""
    for key, value in properties.items():
        if key != own:
            yield from _under(type_name, key, value, (*path, key), "")


def _under(type_name: str, key: str, value: object, path: tuple[str, ...], inherited: str) -> Iterator[Named]:
    table = _table()
    if key in table["free"] or key in table["free_at"].get(type_name, ()):
        return
    kind = _kind(type_name, key, inherited)
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _under(type_name, name, part, (*path, name), kind)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            # Keys of mappings in a list are read anew; plain entries are what the list's key says.
            yield from _under(type_name, key, part, (*path, str(index)), kind)
    else:
        yield from _leaf(key, value, path, kind)


def _leaf(key: str, value: object, path: tuple[str, ...], kind: str) -> Iterator[Named]:
    if isinstance(value, Unknown):
        if kind or not (value.harmless or _CREDENTIAL.search(key)):
            yield Named(path=path, value=value, kind=kind or "arn")
    elif kind and isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        yield Named(path=path, value=str(value), kind=kind)
    elif isinstance(value, str):
        bucket = _S3_URI.match(value)
        if bucket:
            yield Named(path=path, value=bucket[1], kind="bucket")
        yield from (Named(path=path, value=text, kind="arn") for text in _arns(value))


def _kind(type_name: str, key: str, inherited: str) -> str:
    table = _table()
    at = f"{type_name}:{key}"
    if at in table["at"]:
        return table["at"][at] or ""
    if key in table["keys"]:
        return str(table["keys"][key])
    if _ROLE_KEY.search(key):
        return "role"
    return "arn" if _ARN_KEY.search(key) else inherited


def _arns(text: str) -> Iterator[str]:
    """The ARNs in a text, and those in the path of an API's integration."""
    for found in _ARN.finditer(text):
        arn = found[0]
        integration = _INTEGRATION.match(arn)
        if not integration:
            yield arn
            continue
        inner = _ARN.search(arn, integration.end())
        if inner:
            yield inner[0].removesuffix("/invocations")


def reference_arn(kind: str, value: str, place: Place) -> str:
    """The ARN of what a property names, or the value itself where it names nothing that has one.

    Args:
        kind: kind of `references.json`.
        value: name, id, alias, URL or ARN.
        place: where the stack is.
    """
    if value.startswith("arn:"):
        layer = _LAYER.fullmatch(value)
        return layer[1] if layer else value
    url = _QUEUE_URL.fullmatch(value)
    if kind == "queue" and url:
        return f"arn:{place.partition}:sqs:{place.region}:{url[1]}:{url[2]}"
    image = _IMAGE.fullmatch(value)
    if kind == "image":
        return f"arn:{place.partition}:ecr:{image[2]}:{image[1]}:repository/{image[3]}" if image else value
    form = _table()["kinds"][kind]["arn"]
    return arn_of(form, place, {"value": value}) if form else value


def aws_owned(kind: str, value: str, place: Place) -> bool:
    """Whether a name or ARN is one of AWS's own, which every account has; of regions only the stack's is."""
    if kind == "region":
        return value == place.region
    patterns = _table()["kinds"][kind].get("aws", ())
    return any(re.fullmatch(pattern, value) for pattern in (*patterns, *_table()["aws_owned"]))


@cache
def _table() -> Mapping[str, Any]:
    text = resources.files("sandgate.guard.templates").joinpath("data", "references.json").read_text(encoding="utf-8")
    table: Mapping[str, Any] = json.loads(text)
    return table
