"""EC2's dialect of the query protocol: lists without a wrapper, names capitalised, errors of their own shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandgate.wire.http import Response
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._form import Dialect, compile_form
from sandgate.wire.protocols._model import ErrorParts, Plan, Protocol
from sandgate.wire.protocols._xml import element

__all__ = ["PROTOCOL"]


def _member(name: str, shape: Mapping[str, Any]) -> str:
    if "queryName" in shape:
        return str(shape["queryName"])
    located: str = shape.get("locationName", "")
    return located[:1].upper() + located[1:] if located else name


_DIALECT = Dialect(
    name="ec2",
    member=_member,
    wrapper=lambda _shape, _inner: "",
    list_name=lambda wire, _shape, _inner: wire,
)


def _compile(service: Service, operation: Operation) -> Plan:
    return compile_form(service, operation, _DIALECT)


def _render(error: ErrorParts) -> Response:
    one = element("Error", element("Code", error.code) + element("Message", error.message), raw=True)
    body = element("Response", element("Errors", one, raw=True) + element("RequestID", error.request_id), raw=True)
    headers = (("content-type", "text/xml"), ("x-amzn-requestid", error.request_id))
    return Response(error.status, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode())


PROTOCOL = Protocol(
    name="ec2",
    compile=_compile,
    render=_render,
    malformed="MalformedQueryString",
    unknown="InvalidAction",
)
