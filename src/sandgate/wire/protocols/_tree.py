"""Parsers for bodies that already are trees, JSON and CBOR: checked against the model, renamed, and nothing else kept.

Members that the model does not know are dropped, as AWS does: a newer SDK may send them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Service

__all__ = ["MAX_DEPTH", "Decode", "Leaves", "TreeCompiler", "document"]

MAX_DEPTH = 200
"""Containers inside each other; DynamoDB's own limit of 32 levels takes about 70 of them."""

Decode = Callable[[Any, int], object]
"""Value and depth to parameter."""

Leaves = Mapping[str, Callable[[Mapping[str, Any]], Decode]]
"""Makers of scalar decoders by type."""

_LEAF_TRAITS = ("timestampFormat", "document", "sparse")


class TreeCompiler:
    """Makes decoders for one service, each shape once; recursive shapes are closed at their first value."""

    def __init__(self, service: Service, leaves: Leaves) -> None:
        self._service = service
        self._leaves = leaves
        self._made: dict[tuple[object, ...], Decode] = {}

    def decoder(self, ref: Mapping[str, Any]) -> Decode:
        """The decoder of the shape that `ref` names."""
        shape = self._service.resolve(ref)
        key = (shape["shape"], *(shape.get(trait) for trait in _LEAF_TRAITS))
        if key not in self._made:
            self._made[key] = self._make(shape)
        return self._made[key]

    def members(self, members: Mapping[str, Mapping[str, Any]], name: str) -> Decode:
        """The decoder of a structure made of these members only.

        Args:
            members: references by member name.
            name: the structure's name, for messages.
        """
        table: dict[str, tuple[str, Decode]] = {}

        def fill() -> None:
            for member, ref in members.items():
                wire = self._service.resolve(ref).get("locationName", member)
                table[wire] = (member, self.decoder(ref))

        def structure(value: Any, depth: int) -> object:
            if type(value) is not dict:
                raise MalformedError(f"{name} must be a structure")
            if depth > MAX_DEPTH:
                raise MalformedError("the request nests too deeply")
            if not table:
                fill()
            out = {}
            for wire, item in value.items():
                if item is not None and wire in table:
                    member, decode = table[wire]
                    out[member] = decode(item, depth + 1)
            return out

        return structure

    def _make(self, shape: Mapping[str, Any]) -> Decode:
        kind = shape["type"]
        if shape.get("document"):
            return document
        if kind == "structure":
            return self.members(shape.get("members", {}), shape["shape"])
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        return self._leaves.get(kind, self._leaves["string"])(shape)

    def _list(self, shape: Mapping[str, Any]) -> Decode:
        name, sparse, made = shape["shape"], bool(shape.get("sparse")), list[Decode]()

        def sequence(value: Any, depth: int) -> object:
            if type(value) is not list:
                raise MalformedError(f"{name} must be a list")
            if depth > MAX_DEPTH:
                raise MalformedError("the request nests too deeply")
            if not made:
                made.append(self.decoder(shape["member"]))
            decode = made[0]
            if None in value and not sparse:
                raise MalformedError(f"{name} must not hold null")
            return [None if item is None else decode(item, depth + 1) for item in value]

        return sequence

    def _map(self, shape: Mapping[str, Any]) -> Decode:
        name, sparse, made = shape["shape"], bool(shape.get("sparse")), list[Decode]()

        def mapping(value: Any, depth: int) -> object:
            if type(value) is not dict:
                raise MalformedError(f"{name} must be a map")
            if depth > MAX_DEPTH:
                raise MalformedError("the request nests too deeply")
            if not made:
                made.append(self.decoder(shape["value"]))
            decode = made[0]
            out = {}
            for key, item in value.items():
                if item is None and not sparse:
                    raise MalformedError(f"{name} must not hold null")
                out[key] = None if item is None else decode(item, depth + 1)
            return out

        return mapping


def document(value: Any, depth: int) -> object:
    """A free document: kept as it is, its depth bounded."""
    level, at = [value], depth
    while level:
        if at > MAX_DEPTH:
            raise MalformedError("the request nests too deeply")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list):
                inner += item
        level, at = inner, at + 1
    return value
