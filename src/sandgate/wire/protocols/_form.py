"""What query and ec2 share: members as dotted form keys, read back into nested parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandgate.wire.http import Response
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._model import ErrorParts, Parts, Plan
from sandgate.wire.protocols._scalars import text_decoder
from sandgate.wire.protocols._tree import MAX_DEPTH
from sandgate.wire.protocols._xml import element, error_document

__all__ = ["Dialect", "compile_form", "render_form"]

_INDEX = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)

_Tree = dict[str, Any]
"""Key parts to subtree, or to the text of a leaf."""

_Decode = Callable[[Any, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a protocol names members and lists on the wire."""

    name: str
    member: Callable[[str, Mapping[str, Any]], str]
    """The wire name of a structure's member, or of a map's key or value, from its name and shape."""
    wrapper: Callable[[Mapping[str, Any], Mapping[str, Any]], str]
    """The part between a list's name and its indexes, from list and member shape; empty when there is none."""
    list_name: Callable[[str, Mapping[str, Any], Mapping[str, Any]], str]
    """The list's name, from its own wire name, its shape and its member's."""


def compile_form(service: Service, operation: Operation, dialect: Dialect) -> Plan:
    """The plan of one query or ec2 operation."""
    if operation.input is None:
        return lambda _: {}
    compiler = service.plan(dialect.name, "", lambda: _Compiler(service, dialect))
    decode = compiler.decoder(service.resolve(operation.input))

    def plan(parts: Parts) -> dict[str, object]:
        tree = _nest(parts.form)
        parameters = decode(tree, 0)
        assert isinstance(parameters, dict)
        return parameters

    return plan


def _nest(flat: Mapping[str, str]) -> _Tree:
    tree: _Tree = {}
    for key, value in flat.items():
        *path, last = key.split(".")
        if len(path) > MAX_DEPTH:
            raise MalformedError("the request nests too deeply")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise MalformedError("a key is both a value and a prefix")
        if last in node:
            raise MalformedError("a key is both a value and a prefix")
        node[last] = value
    return tree


class _Compiler:
    """Makes decoders for one service's form trees."""

    def __init__(self, service: Service, dialect: Dialect) -> None:
        self._service = service
        self._dialect = dialect
        self._made: dict[tuple[object, ...], _Decode] = {}

    def decoder(self, shape: Mapping[str, Any]) -> _Decode:
        key = (shape["shape"], shape.get("timestampFormat"), shape.get("flattened"))
        if key not in self._made:
            self._made[key] = self._make(shape)
        return self._made[key]

    def _make(self, shape: Mapping[str, Any]) -> _Decode:
        kind = shape["type"]
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        name, read = shape["shape"], text_decoder(shape, "iso8601")

        def scalar(value: Any, _: int) -> object:
            if not isinstance(value, str):
                raise MalformedError(f"{name} must be a single value")
            return read(value)

        return scalar

    def _structure(self, shape: Mapping[str, Any]) -> _Decode:
        name = shape["shape"]
        table: dict[str, tuple[str, _Decode]] = {}

        def fill() -> None:
            for member, ref in shape.get("members", {}).items():
                inner = self._service.resolve(ref)
                wire = self._dialect.member(member, inner)
                if inner["type"] == "list":
                    wire = self._dialect.list_name(wire, inner, self._service.resolve(inner["member"]))
                table[wire] = (member, self.decoder(inner))

        def structure(value: Any, depth: int) -> object:
            if not isinstance(value, dict):
                raise MalformedError(f"{name} must be a structure")
            if not table:
                fill()
            out = {}
            for wire, item in value.items():
                if wire in table:
                    member, decode = table[wire]
                    out[member] = decode(item, depth + 1)
            return out

        return structure

    def _list(self, shape: Mapping[str, Any]) -> _Decode:
        name, member = shape["shape"], self._service.resolve(shape["member"])
        wrapper = self._dialect.wrapper(shape, member)

        def sequence(value: Any, depth: int) -> object:
            if value == "":
                return []
            if not isinstance(value, dict):
                raise MalformedError(f"{name} must be a list")
            items = value
            if wrapper:
                if set(value) != {wrapper} or not isinstance(value[wrapper], dict):
                    raise MalformedError(f"{name} must be a list of {wrapper}")
                items = value[wrapper]
            decode = self.decoder(member)
            return [decode(item, depth + 1) for item in _in_order(items, name)]

        return sequence

    def _map(self, shape: Mapping[str, Any]) -> _Decode:
        name = shape["shape"]
        key_shape, value_shape = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        key_name, value_name = self._dialect.member("key", key_shape), self._dialect.member("value", value_shape)
        wrapped = not shape.get("flattened")

        def mapping(value: Any, depth: int) -> object:
            entries = value.get("entry") if wrapped and isinstance(value, dict) else value
            if not isinstance(entries, dict):
                raise MalformedError(f"{name} must be a map")
            out: dict[str, object] = {}
            for entry in _in_order(entries, name):
                if not isinstance(entry, dict) or set(entry) != {key_name, value_name}:
                    raise MalformedError(f"{name} must hold a key and a value per entry")
                key = entry[key_name]
                if not isinstance(key, str) or key in out:
                    raise MalformedError(f"{name} holds a key twice")
                out[key] = self.decoder(value_shape)(entry[value_name], depth + 1)
            return out

        return mapping


def _in_order(items: Mapping[str, Any], name: str) -> list[Any]:
    if not all(_INDEX.fullmatch(key) for key in items):
        raise MalformedError(f"{name} holds an index that is not a number from 1")
    return [items[key] for key in sorted(items, key=int)]


def render_form(error: ErrorParts) -> Response:
    """The query protocol's error document."""
    code, message = element("Code", error.code), element("Message", error.message)
    inner = element("Error", f"{element('Type', 'Sender')}{code}{message}", raw=True)
    inner += element("RequestId", error.request_id)
    headers = (("content-type", "text/xml"), ("x-amzn-requestid", error.request_id))
    return Response(error.status, headers, error_document(error, inner).encode())
