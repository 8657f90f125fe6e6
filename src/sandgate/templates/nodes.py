"""YAML nodes to plain values, the way CloudFormation reads them and the standard loader does not.

The standard YAML 1.1 loader drops repeated keys, turns `2012-10-17` into a date, `000000000000` into 0 (octal),
`22:22` into 1342 (base 60) and `1.10` into 1.1. CloudFormation keeps all of these as written, so only a number that
can be written back unchanged becomes a number here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

__all__ = ["MAX_DEPTH", "MAX_NODES", "NodeError", "Reader"]

MAX_NODES = 200_000
"""Aliases are expanded, so a small file can stand for a huge one; the largest legal template stays far below."""
MAX_DEPTH = 100

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})")  # more digits than that are a text, and slow to convert
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_TRUE = frozenset({"true", "yes", "on"})
_SHORT = {name: f"Fn::{name}" for name in (
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAtt", "GetAZs",
    "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split", "Sub", "ToJsonString", "Transform",
    "ValueOf", "ValueOfAll",
)} | {"Ref": "Ref", "Condition": "Condition"}  # fmt: skip
"""Short forms of https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html"""


class NodeError(ValueError):
    """A node that no template may hold, with its place (from 1)."""

    def __init__(self, message: str, node: yaml.Node | yaml.Event) -> None:
        super().__init__(message)
        mark = node.start_mark
        self.line = mark.line + 1 if mark else 1
        self.column = mark.column + 1 if mark else 1


class Reader:
    """Reads one document; `lines` maps the path of each key, joined by dots, to its line."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self._budget = MAX_NODES
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: tuple[str, ...] = ()) -> Any:
        """The value of a node and of everything below it.

        Raises:
            NodeError: repeated key, unknown tag, an alias inside its own anchor, or too many or too deep nodes.
        """
        self._budget -= 1
        if self._budget < 0:
            raise NodeError(f"template has more than {MAX_NODES} values once its aliases are expanded", node)
        if len(self._open) >= MAX_DEPTH:
            raise NodeError(f"template is nested deeper than {MAX_DEPTH} levels", node)
        if id(node) in self._open:
            raise NodeError("anchor contains an alias of itself", node)
        self._open.add(id(node))
        try:
            function = _function(node)
            if function == "Fn::GetAtt" and isinstance(node, yaml.ScalarNode):
                resource, _, attribute = node.value.partition(".")
                return {function: [resource, attribute]}
            if function and isinstance(node, yaml.ScalarNode):
                return {function: node.value}
            plain = self._plain(node, path)
            return {function: plain} if function else plain
        finally:
            self._open.discard(id(node))

    def _plain(self, node: yaml.Node, path: tuple[str, ...]) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if not _function(node) and node.tag not in {_TAG + "seq", _TAG + "map", "!"}:
            raise NodeError(f"tag !!{str(node.tag).removeprefix(_TAG)} is not supported in templates", node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, str(index))) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node, path)

    def _mapping(self, node: yaml.MappingNode, path: tuple[str, ...]) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                for source in _merge_sources(value):
                    merged = {**self._mapping(source, path), **merged}
                continue
            if not isinstance(key, yaml.ScalarNode) or _function(key):
                raise NodeError("key must be a plain name", key)
            name = key.value
            if name in own:
                raise NodeError(f"key {name!r} appears twice in one mapping; the second would silently win", key)
            self.lines.setdefault(".".join((*path, name)), key.start_mark.line + 1)
            own[name] = self.value(value, (*path, name))
        result = {**merged, **own}
        if len(result) == 1 and isinstance(result.get("Fn::GetAtt"), str):  # YAML may, JSON may not
            resource, _, attribute = result["Fn::GetAtt"].partition(".")
            return {"Fn::GetAtt": [resource, attribute]}
        return result


def _merge_sources(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """What `<<` names: one mapping, or several of which the first wins."""
    for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if not isinstance(source, yaml.MappingNode):
            raise NodeError("only mappings can be merged with '<<'", source)
        yield source


def _function(node: yaml.Node) -> str:
    """The long name of a short-form function, or an empty string."""
    tag = str(node.tag)
    if tag.startswith("!") and len(tag) > 1:
        name = _SHORT.get(tag[1:])
        if name is None:
            raise NodeError(f"unknown tag {tag}", node)
        return name
    return ""


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text: str = node.value
    match str(node.tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int" if _INTEGER.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text) and repr(float(text)) == text:
            return float(text)
        case "str" | "int" | "float" | "timestamp" | "value" | "!":
            return text
        case other:
            raise NodeError(f"tag !!{other} is not supported in templates", node)
