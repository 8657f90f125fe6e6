"""What both REST protocols share: members in path, query and headers, and the payload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._headers import header_decoder, header_map, s3_headers
from sandgate.wire.protocols._model import Parts, Plan
from sandgate.wire.protocols._scalars import text_decoder
from sandgate.wire.uri import Pairs

__all__ = ["Body", "BodyMaker", "compile_rest"]

Body = Callable[[bytes], "dict[str, object]"]
"""Body to the members that stand in it."""

BodyMaker = Callable[[Service, "dict[str, Any]", "dict[str, Any] | None"], Body]
"""Service, resolved input shape and resolved structured payload member (None: the unbound members) to body decoder."""

_Bind = Callable[[Parts, Mapping[str, str], dict[str, object]], None]


def compile_rest(service: Service, operation: Operation, make_body: BodyMaker) -> Plan:
    """The plan of one REST operation.

    Args:
        service: whose operation it is.
        operation: the operation.
        make_body: what the protocol does with a structured body.
    """
    if operation.input is None:
        return lambda _: {}
    shape = service.resolve(operation.input)
    members = {name: service.resolve(ref) for name, ref in shape.get("members", {}).items()}
    binds = [
        *_labels(members),
        *_query(service, operation, members),
        *_headers(service, members),
        *_payload(service, operation, shape, members, make_body),
    ]
    is_s3 = service.info.name == "s3"

    def plan(parts: Parts) -> dict[str, object]:
        headers = s3_headers(parts.request, parts.query) if is_s3 else parts.request.fields
        out: dict[str, object] = {}
        for bind in binds:
            bind(parts, headers, out)
        return out

    return plan


def _located(members: Mapping[str, dict[str, Any]], location: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, shape) for name, shape in members.items() if shape.get("location") == location]


def _labels(members: Mapping[str, dict[str, Any]]) -> list[_Bind]:
    found = [
        (name, shape.get("locationName", name), text_decoder(shape, "iso8601"))
        for name, shape in _located(members, "uri")
    ]

    def bind(parts: Parts, _: Mapping[str, str], out: dict[str, object]) -> None:
        for name, label, decode in found:
            if label in parts.labels:
                out[name] = decode(parts.labels[label])

    return [bind] if found else []


def _query(service: Service, operation: Operation, members: Mapping[str, dict[str, Any]]) -> list[_Bind]:
    keys: dict[str, tuple[str, Callable[[str], object], bool]] = {}
    maps: list[tuple[str, bool]] = []
    for name, shape in _located(members, "querystring"):
        if shape["type"] == "map":
            maps.append((name, service.resolve(shape["value"])["type"] == "list"))
            continue
        many = shape["type"] == "list"
        scalar = service.resolve(shape["member"]) if many else shape
        keys[shape.get("locationName", name)] = (name, text_decoder(scalar, "iso8601"), many)
    fixed = {part.partition("=")[0] for part in operation.uri.partition("?")[2].split("&")}

    def bind(parts: Parts, _: Mapping[str, str], out: dict[str, object]) -> None:
        lists: dict[str, list[object]] = {}
        rest = []
        for key, value in parts.query:
            if key in keys:
                name, decode, many = keys[key]
                if many:
                    lists.setdefault(name, []).append(decode(value))
                elif name in out:
                    raise MalformedError(f"{name} comes twice")
                else:
                    out[name] = decode(value)
            elif key not in fixed:
                rest.append((key, value))
        out.update(lists)
        for name, many in maps if rest else ():
            out[name] = _query_map(rest, many=many)

    return [bind] if keys or maps else []


def _query_map(pairs: list[tuple[str, str]], *, many: bool) -> dict[str, object]:
    lists: dict[str, list[str]] = {}
    for key, value in pairs:
        lists.setdefault(key, []).append(value)
    if many:
        return dict(lists)
    if len(lists) != len(pairs):
        raise MalformedError("a query key comes twice")
    return dict(pairs)


def _headers(service: Service, members: Mapping[str, dict[str, Any]]) -> list[_Bind]:
    found = [
        (name, shape.get("locationName", name).lower(), header_decoder(service, shape), shape["type"] == "list")
        for name, shape in _located(members, "header")
    ]
    prefixes = [(name, shape.get("locationName", "").lower()) for name, shape in _located(members, "headers")]
    single = {header for _, header, _, many in found if not many}

    def bind(parts: Parts, headers: Mapping[str, str], out: dict[str, object]) -> None:
        request = parts.request
        if len(request.headers) != len(request.fields):
            _refuse_repeated(request.headers, single)
        for name, header, decode, _ in found:
            if header in headers:
                value = headers[header]
                if not value.isascii():
                    value.encode()  # raises ValueError for bytes that are not UTF-8
                out[name] = decode(value)
        for name, prefix in prefixes:
            values = header_map(headers, prefix)
            if values:
                out[name] = values

    return [bind] if found or prefixes else []


def _refuse_repeated(headers: Pairs, single: set[str]) -> None:
    seen = set()
    for name, _ in headers:
        if name in single and name in seen:
            raise MalformedError(f"{name} comes twice")
        seen.add(name)


def _payload(
    service: Service,
    operation: Operation,
    shape: dict[str, Any],
    members: Mapping[str, dict[str, Any]],
    make_body: BodyMaker,
) -> list[_Bind]:
    name = shape.get("payload", "")
    if operation.streaming:
        return [_streaming(name, raw=members[name]["type"] == "blob")]
    if name and members[name]["type"] in ("blob", "string"):
        return [_raw(name, text=members[name]["type"] == "string", required=name in shape.get("required", ()))]
    if name:
        decode = make_body(service, shape, {**members[name], "member": name})
    elif any("location" not in member for member in members.values()):
        decode = make_body(service, shape, None)
    else:
        return []

    def bind(parts: Parts, _: Mapping[str, str], out: dict[str, object]) -> None:
        out.update(decode(parts.body or b""))

    return [bind]


def _streaming(name: str, *, raw: bool) -> _Bind:
    """A blob that the caller chose to hold is a parameter; an event stream never is."""

    def bind(parts: Parts, _: Mapping[str, str], out: dict[str, object]) -> None:
        if raw and parts.body is not None:
            out[name] = parts.body

    return bind


def _raw(name: str, *, text: bool, required: bool) -> _Bind:
    def bind(parts: Parts, _: Mapping[str, str], out: dict[str, object]) -> None:
        if parts.body or (required and parts.body is not None):
            out[name] = parts.body.decode() if text else parts.body

    return bind
