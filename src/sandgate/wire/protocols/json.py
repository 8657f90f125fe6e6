"""AWS JSON 1.0 and 1.1: the operation in X-Amz-Target, one JSON object as body."""

from __future__ import annotations

from sandgate.wire.http import Response
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._json import compiler, error_response, load
from sandgate.wire.protocols._model import ErrorParts, Parts, Plan, Protocol

__all__ = ["PROTOCOL"]


def _compile(service: Service, operation: Operation) -> Plan:
    decode = compiler(service).decoder(operation.input) if operation.input else None

    def plan(parts: Parts) -> dict[str, object]:
        value = load(parts.body) if parts.body else {}
        if decode is None:
            return {}
        parameters = decode(value, 0)
        if not isinstance(parameters, dict):
            raise MalformedError("the body must be a JSON object")
        return parameters

    return plan


def _render(error: ErrorParts) -> Response:
    return error_response(error, "application/x-amz-json-1.0")


PROTOCOL = Protocol(
    name="json",
    compile=_compile,
    render=_render,
    malformed="SerializationException",
    unknown="UnknownOperationException",
)
