"""AWS query: Action, Version and members as form keys; errors in XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandgate.wire.models import Operation, Service
from sandgate.wire.protocols._form import Dialect, compile_form, render_form
from sandgate.wire.protocols._model import Plan, Protocol

__all__ = ["PROTOCOL"]


def _member(name: str, shape: Mapping[str, Any]) -> str:
    wire: str = shape.get("locationName", name)
    return wire


def _wrapper(shape: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    wire: str = "" if shape.get("flattened") else member.get("locationName", "member")
    return wire


def _list_name(wire: str, shape: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    # A flattened list goes by the name of its member.
    name: str = member.get("locationName", wire) if shape.get("flattened") else wire
    return name


_DIALECT = Dialect(name="query", member=_member, wrapper=_wrapper, list_name=_list_name)


def _compile(service: Service, operation: Operation) -> Plan:
    return compile_form(service, operation, _DIALECT)


PROTOCOL = Protocol(
    name="query",
    compile=_compile,
    render=render_form,
    malformed="MalformedQueryString",
    unknown="InvalidAction",
)
