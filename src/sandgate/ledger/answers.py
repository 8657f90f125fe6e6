"""Ids in an answer as it came over the wire, whatever its form: JSON, XML or CBOR."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandgate.core.paths import first
from sandgate.wire.malformed import MalformedError
from sandgate.wire.protocols._xml import Element, parse_xml

__all__ = ["found_in"]


def found_in(body: bytes, paths: Mapping[str, str]) -> dict[str, str]:
    """What an answer says.

    Args:
        body: the answer.
        paths: what to call it, to its path; a path in XML begins at any depth.

    Returns:
        What was found; nothing for an answer that is in no known form.
    """
    if not paths or not body:
        return {}
    read = _xml if body.lstrip()[:1] == b"<" else _json if body[:1] in b"{[ \r\n\t" else _cbor
    try:
        found = read(body, paths)
    except (ValueError, MalformedError):
        return {}
    return {name: str(value) for name, value in found.items() if value is not None}


def _json(body: bytes, paths: Mapping[str, str]) -> dict[str, Any]:
    document = json.loads(body)
    return {name: first(document, path) for name, path in paths.items()}


def _cbor(body: bytes, paths: Mapping[str, str]) -> dict[str, Any]:
    import cbor2  # noqa: PLC0415 - few services answer in it

    try:
        document = cbor2.loads(body)
    except cbor2.CBORDecodeError as error:
        raise ValueError(str(error)) from error
    return {name: first(document, path) for name, path in paths.items()}


def _xml(body: bytes, paths: Mapping[str, str]) -> dict[str, Any]:
    root = parse_xml(body)
    found = {}
    for name, path in paths.items():
        function, _, inner = path.rpartition("(")
        text = _descend(root, inner.rstrip(")").split("."))
        found[name] = first({"it": text}, f"{function}(it)") if function and text is not None else text
    return found


def _descend(root: Element, steps: list[str]) -> str | None:
    """The text of the first element, at any depth, from which the steps lead on."""
    pending = [root]
    while pending:
        node = pending.pop(0)
        at: Element | None = node if node.tag == steps[0] else None
        for step in steps[1:]:
            at = next((child for child in at.children if child.tag == step), None) if at else None
        if at is not None:
            return at.text
        pending.extend(node.children)
    return None
