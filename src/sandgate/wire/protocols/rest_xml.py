"""REST with XML bodies: S3, S3 control, Route 53, CloudFront."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandgate.wire.http import Response
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._model import ErrorParts, Plan, Protocol
from sandgate.wire.protocols._rest import Body, compile_rest
from sandgate.wire.protocols._scalars import text_decoder
from sandgate.wire.protocols._xml import Element, element, error_document, parse_xml

__all__ = ["PROTOCOL"]

_Decode = Callable[[Element], object]


class _Compiler:
    """Makes decoders for one service's elements."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._made: dict[tuple[object, ...], _Decode] = {}

    def decoder(self, shape: Mapping[str, Any]) -> _Decode:
        key = (shape["shape"], shape.get("timestampFormat"), shape.get("flattened"))
        if key not in self._made:
            self._made[key] = self._make(shape)
        return self._made[key]

    def _make(self, shape: Mapping[str, Any]) -> _Decode:
        kind = shape["type"]
        if kind == "structure":
            return self.members(shape.get("members", {}))
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        read = text_decoder(shape, "iso8601")

        def scalar(node: Element) -> object:
            if node.children:
                raise MalformedError(f"{node.tag} must be text")
            return read(node.text)

        return scalar

    def members(self, members: Mapping[str, Mapping[str, Any]]) -> _Decode:
        """The decoder of a structure with these members."""
        table: dict[str, tuple[str, dict[str, Any], _Decode]] = {}
        attributes: dict[str, str] = {}

        def fill() -> None:
            for name, ref in members.items():
                shape = self._service.resolve(ref)
                wire = shape.get("locationName", name)
                if shape.get("xmlAttribute"):
                    attributes[wire.rpartition(":")[2]] = name
                    continue
                entry = (name, shape, self.decoder(shape))
                table[wire] = entry
                if shape["type"] == "list" and shape.get("flattened"):
                    # SDKs differ: botocore writes the member's own name, others the list's member name.
                    table.setdefault(self._service.resolve(shape["member"]).get("locationName", wire), entry)

        def structure(node: Element) -> object:
            if not table:
                fill()
            if not node.children and node.text.strip():
                raise MalformedError(f"{node.tag} must hold elements")
            out: dict[str, object] = {
                attributes[key]: node.attributes[key] for key in attributes if key in node.attributes
            }
            for child in node.children:
                if child.tag in table:
                    _put(out, child, *table[child.tag])
            return out

        return structure

    def _list(self, shape: Mapping[str, Any]) -> _Decode:
        made: list[_Decode] = []

        def one() -> _Decode:
            if not made:
                made.append(self.decoder(self._service.resolve(shape["member"])))
            return made[0]

        if shape.get("flattened"):

            def item(node: Element) -> object:
                return one()(node)

            return item

        def sequence(node: Element) -> object:
            if not node.children and node.text.strip():
                raise MalformedError(f"{node.tag} must hold elements")
            return [one()(child) for child in node.children]

        return sequence

    def _map(self, shape: Mapping[str, Any]) -> _Decode:
        key_shape, value_shape = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        key_name = key_shape.get("locationName", "key")
        value_name = value_shape.get("locationName", "value")
        key = self.decoder(key_shape)

        def pair(node: Element) -> object:
            parts = {child.tag: child for child in node.children}
            if len(node.children) != len(parts) or key_name not in parts or value_name not in parts:
                raise MalformedError(f"{node.tag} must hold one key and one value")
            return key(parts[key_name]), self.decoder(value_shape)(parts[value_name])

        if shape.get("flattened"):
            return pair

        def mapping(node: Element) -> object:
            pairs = [pair(child) for child in node.children]
            return _mapping(pairs, node.tag)

        return mapping


def _mapping(pairs: list[Any], tag: str) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise MalformedError(f"{tag} holds a key twice")
    return out


def _put(out: dict[str, object], child: Element, name: str, shape: Mapping[str, Any], decode: _Decode) -> None:
    """Set a member from one element; flattened lists and maps grow by one."""
    if shape.get("flattened") and shape["type"] == "list":
        values = out.setdefault(name, [])
        assert isinstance(values, list)
        values.append(decode(child))
        return
    if shape.get("flattened") and shape["type"] == "map":
        entries = out.setdefault(name, {})
        assert isinstance(entries, dict)
        pair = decode(child)
        assert isinstance(pair, tuple)
        if pair[0] in entries:
            raise MalformedError(f"{name} holds a key twice")
        entries.update((pair,))
        return
    if name in out:
        raise MalformedError(f"{name} comes twice")
    out[name] = decode(child)


def _body(service: Service, shape: dict[str, Any], payload: dict[str, Any] | None) -> Body:
    compiler = service.plan("rest-xml", "", lambda: _Compiler(service))
    if payload is not None:
        name, decode = payload["member"], compiler.decoder(payload)
        return lambda body: {name: decode(parse_xml(body))} if body else {}
    members = compiler.members({name: ref for name, ref in shape["members"].items() if "location" not in ref})

    def unbound(body: bytes) -> dict[str, object]:
        value = members(parse_xml(body)) if body else {}
        assert isinstance(value, dict)
        return value

    return unbound


def _compile(service: Service, operation: Operation) -> Plan:
    return compile_rest(service, operation, _body)


def _render(error: ErrorParts) -> Response:
    headers = [("x-amz-request-id", error.request_id), ("x-amzn-requestid", error.request_id)]
    code, message = element("Code", error.code), element("Message", error.message)
    # S3's form, too, for a path so broken that it names no service: the other services hardly have paths like that.
    if error.service in ("", "s3"):
        resource = element("Resource", error.resource) if error.resource else ""
        body = element("Error", f"{code}{message}{resource}{element('RequestId', error.request_id)}", raw=True)
    else:
        inner = element("Error", f"{element('Type', 'Sender')}{code}{message}", raw=True)
        inner += element("RequestId", error.request_id)
        body = error_document(error, inner)
    headers.append(("content-type", "application/xml"))
    return Response(error.status, tuple(headers), f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode())


PROTOCOL = Protocol(
    name="rest-xml",
    compile=_compile,
    render=_render,
    malformed="MalformedXML",
    unknown="MethodNotAllowed",
)
