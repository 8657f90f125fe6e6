"""Which operation of a service a request asks for, by botocore's models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from tests.sandbox.standin.hosts import LOADER, Place
from tests.sandbox.standin.messages import Request

__all__ = ["Asked", "operation", "protocol"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One operation."""

    service: str = ""
    operation: str = ""
    open: bool = False
    """Whether it may be called without a signature (trait `authtype: none`)."""
    unsigned_body: bool = False


def operation(request: Request, place: Place) -> Asked:
    """What the request asks for, as far as the models of the host's services tell."""
    target = request.header("x-amz-target").rpartition(".")[2]
    cbor = re.fullmatch(r"/service/\w+/operation/(\w+)", request.path)
    form: dict[str, str] = {}
    if "form-urlencoded" in request.header("content-type") or request.parameter("Action"):
        form = {**dict(request.parameters), **dict(parse_qsl(request.body.decode("latin-1")))}
    name = target or (cbor[1] if cbor else "") or form.get("Action", "")
    for service in place.services:
        known = _operations(service)
        if name in known:
            return _asked(service, known[name])
    found = [each for service in place.services for each in _routes(service) if each.fits(request, place)]
    best = max(found, key=lambda each: each.weight, default=None)
    return Asked() if best is None else _asked(best.service, _operations(best.service)[best.operation])


def protocol(request: Request, service: str) -> str:
    """The protocol in which the client expects errors."""
    kind = request.header("content-type")
    if "cbor" in kind:
        return "smithy-rpc-v2-cbor"
    if "x-amz-json" in kind:
        return "json"
    if service == "s3":
        return "s3"
    if service:
        return str(_model(service)["metadata"]["protocol"])
    return "query" if "form-urlencoded" in kind else "rest-json"


def _asked(service: str, described: dict[str, Any]) -> Asked:
    return Asked(
        service=service,
        operation=described["name"],
        open=described.get("authtype") == "none" or described.get("auth") == ["smithy.api#noAuth"],
        unsigned_body=bool(described.get("unsignedPayload")) or described.get("authtype") == "v4-unsigned-body",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """How one operation is asked for over REST."""

    service: str
    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]
    weight: tuple[int, int]

    def fits(self, request: Request, place: Place) -> bool:
        """Whether the request may be this operation."""
        path = f"/{place.bucket}{request.path}" if place.bucket else request.path
        return (
            request.method == self.method
            and self.path.fullmatch(path) is not None
            and {name for name, _ in request.parameters} >= {pair.partition("=")[0] for pair in self.query}
            and all(
                request.parameter(name) == value for name, found, value in (pair.partition("=") for pair in self.query)
                if found
            )
            and {name for name, _ in request.headers} >= self.headers
        )  # fmt: skip


@cache
def _model(service: str) -> dict[str, Any]:
    model: dict[str, Any] = LOADER.load_service_model(service, "service-2")
    return model


@cache
def _operations(service: str) -> dict[str, dict[str, Any]]:
    return {name: {"name": name, **each} for name, each in _model(service)["operations"].items()}


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = _model(service)
    if not str(model["metadata"]["protocol"]).startswith("rest"):
        return ()
    return tuple(_route(service, name, each, model["shapes"]) for name, each in model["operations"].items())


def _route(service: str, name: str, described: dict[str, Any], shapes: dict[str, Any]) -> _Route:
    path, _, query = described["http"]["requestUri"].partition("?")
    pattern = re.sub(r"\\\{\w+(\\\+)?\\\}", lambda match: ".+" if match[1] else "[^/]+", re.escape(path))
    members: dict[str, Any] = {}
    required: frozenset[str] = frozenset()
    if "input" in described:
        shape = shapes[described["input"]["shape"]]
        members, required = shape.get("members", {}), frozenset(shape.get("required", ()))
    needed = {
        where: frozenset(
            member["locationName"]
            for key, member in members.items()
            if key in required and member.get("location") == where
        )
        for where in ("querystring", "header")
    }
    literal = frozenset(pair for pair in query.split("&") if pair) | needed["querystring"]
    return _Route(
        service=service,
        operation=name,
        method=described["http"]["method"],
        path=re.compile(pattern + "/?"),
        query=literal,
        headers=frozenset(each.lower() for each in needed["header"]),
        weight=(len(literal) + len(needed["header"]), len(re.sub(r"\{.*?\}", "", path))),
    )
