"""The template of a call: bytes within CloudFormation's limits to a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandgate.errors import StackError
from sandgate.guard.templates.values import FORGED
from sandgate.templates.reading import read_text

__all__ = ["MAX_BODY", "MAX_FETCHED", "MAX_NESTING", "fault_of", "read_part", "read_template"]

MAX_BODY = 51_200
"""Bytes of `TemplateBody`. Source: CloudFormation User Guide, "CloudFormation quotas"."""
MAX_FETCHED = 1_048_576
"""Bytes of what `TemplateURL` names; same source."""
MAX_NESTING = 100


def read_template(data: bytes, *, fetched: bool = False) -> Mapping[str, Any]:
    """Read the template of a stack call.

    Args:
        data: the bytes of `TemplateBody`, or of the object that `TemplateURL` names.
        fetched: whether it came from `TemplateURL`.

    Raises:
        StackError: larger than CloudFormation takes, not UTF-8, not well-formed, a key twice, aliases that expand
            beyond any template, deeper than 100 levels, or without resources.
    """
    body = _read(data, "TemplateURL" if fetched else "TemplateBody", MAX_FETCHED if fetched else MAX_BODY)
    fault = fault_of(body)
    if fault:
        raise StackError(fault, where="TemplateURL" if fetched else "TemplateBody")
    return body


def read_part(data: bytes, *, where: str) -> Mapping[str, Any]:
    """Read a nested template, or the definition of an API or of a state machine.

    Args:
        data: the bytes of the object.
        where: what names the object.

    Raises:
        StackError: as `read_template`, but what it holds is not looked at.
    """
    body = _read(data, where, MAX_FETCHED)
    fault = _fault_of_shape(body)
    if fault:
        raise StackError(fault, where=where)
    return body


def _read(data: bytes, where: str, limit: int) -> Mapping[str, Any]:
    if len(data) > limit:
        raise StackError(f"template has {len(data)} bytes; CloudFormation takes {limit}", where=where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StackError(f"template is not UTF-8 text (byte {error.start})", where=where) from None
    return read_text(text, where=where)[0]


def fault_of(body: Mapping[str, Any]) -> str:
    """What is wrong with the shape of a template; empty when every later step can rely on it."""
    resources = body.get("Resources")
    wrong = "" if isinstance(resources, Mapping) and resources else "template has no Resources"
    return _fault_of_shape(body) or wrong


def _fault_of_shape(body: Mapping[str, Any]) -> str:
    waiting: list[tuple[object, int]] = [(body, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_NESTING:
            return f"template is nested deeper than {MAX_NESTING} levels"
        if isinstance(node, str) and FORGED.search(node):
            return "template holds a private-use character or half a character"
        if isinstance(node, Mapping):
            waiting += [(part, depth + 1) for pair in node.items() for part in pair]
        elif isinstance(node, list):
            waiting += [(part, depth + 1) for part in node]
    return ""
