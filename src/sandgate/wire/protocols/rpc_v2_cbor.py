"""Smithy RPC v2 with CBOR: service and operation in the path, one CBOR map as body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandgate.wire.http import Response
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._cbor import dump_text_map, load_cbor
from sandgate.wire.protocols._json import error_headers
from sandgate.wire.protocols._model import ErrorParts, Parts, Plan, Protocol
from sandgate.wire.protocols._scalars import whole
from sandgate.wire.protocols._tree import Decode, Leaves, TreeCompiler

__all__ = ["PROTOCOL"]


def _leaf(kind: type, what: str) -> Any:
    def make(shape: Mapping[str, Any]) -> Decode:
        name = shape["shape"]

        def decode(value: Any, _: int) -> object:
            if type(value) is not kind:
                raise MalformedError(f"{name} must be {what}")
            return whole(value) if isinstance(value, int) and kind is int else value

        return decode

    return make


def _float(shape: Mapping[str, Any]) -> Decode:
    name = shape["shape"]

    def decode(value: Any, _: int) -> object:
        if type(value) not in (int, float):
            raise MalformedError(f"{name} must be a number")
        return value

    return decode


_LEAVES: Leaves = {
    "string": _leaf(str, "a string"),
    "boolean": _leaf(bool, "a boolean"),
    "integer": _leaf(int, "an integer"),
    "long": _leaf(int, "an integer"),
    "float": _float,
    "double": _float,
    "timestamp": _leaf(datetime, "a timestamp"),
    "blob": _leaf(bytes, "a byte string"),
}


def _compile(service: Service, operation: Operation) -> Plan:
    compiler = service.plan("rpc-v2-cbor", "", lambda: TreeCompiler(service, _LEAVES))
    decode = compiler.decoder(operation.input) if operation.input else None

    def plan(parts: Parts) -> dict[str, object]:
        value = load_cbor(parts.body) if parts.body else {}
        if decode is None:
            return {}
        parameters = decode(value, 0)
        if not isinstance(parameters, dict):
            raise MalformedError("the body must be a CBOR map")
        return parameters

    return plan


def _render(error: ErrorParts) -> Response:
    headers = [*error_headers(error, "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    body = dump_text_map({"__type": error.code, "message": error.message})
    return Response(error.status, tuple(headers), body)


PROTOCOL = Protocol(
    name="rpc-v2-cbor",
    compile=_compile,
    render=_render,
    malformed="SerializationException",
    unknown="UnknownOperationException",
)
