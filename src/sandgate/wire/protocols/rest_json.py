"""REST with JSON bodies."""

from __future__ import annotations

from typing import Any

from sandgate.wire.http import Response
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._json import compiler, error_response, load
from sandgate.wire.protocols._model import ErrorParts, Plan, Protocol
from sandgate.wire.protocols._rest import Body, compile_rest
from sandgate.wire.protocols._tree import Decode

__all__ = ["PROTOCOL"]


def _body(service: Service, shape: dict[str, Any], payload: dict[str, Any] | None) -> Body:
    if payload is not None:
        return _payload(
            compiler(service).decoder(payload), payload["member"], payload["member"] in shape.get("required", ())
        )
    unbound = {name: ref for name, ref in shape["members"].items() if "location" not in ref}
    decode = compiler(service).members(unbound, shape["shape"])

    def members(body: bytes) -> dict[str, object]:
        value = decode(load(body), 0) if body else {}
        if not isinstance(value, dict):
            raise MalformedError("the body must be a JSON object")
        return value

    return members


def _payload(decode: Decode, name: str, required: bool) -> Body:  # noqa: FBT001
    def member(body: bytes) -> dict[str, object]:
        # Clients send an empty object for a payload that is absent, too.
        value = load(body) if body else None
        if value is None or (value == {} and not required):
            return {}
        return {name: decode(value, 0)}

    return member


def _compile(service: Service, operation: Operation) -> Plan:
    return compile_rest(service, operation, _body)


def _render(error: ErrorParts) -> Response:
    return error_response(error, "application/json")


PROTOCOL = Protocol(
    name="rest-json",
    compile=_compile,
    render=_render,
    malformed="SerializationException",
    unknown="UnknownOperationException",
)
