"""Ids in an answer as it came over the wire, whatever its form: JSON, XML or CBOR."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandgate.core.paths import every, first
from sandgate.wire.http import Headers
from sandgate.wire.malformed import MalformedError
from sandgate.wire.protocols._xml import Element, parse_xml

__all__ = ["all_in", "entries_in", "found_in", "ids_in", "in_headers", "unsaid"]

_IN_HEADER = "x-"


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
    try:
        if body.lstrip()[:1] == b"<":
            found = _xml(body, paths)
        else:
            document = _document(body)
            found = {name: first(document, path) for name, path in paths.items()}
    except (ValueError, MalformedError):
        return {}
    return {name: str(value) for name, value in found.items() if value is not None}


def ids_in(answer: tuple[bytes, Headers], paths: Mapping[str, str]) -> dict[str, str]:
    """What an answer says; paths that begin with `x-` are of its headers.

    Args:
        answer: body and headers, names in lower case.
        paths: what to call it, to its path.
    """
    body, headers = answer
    named = {name: path for name, path in paths.items() if path.startswith(_IN_HEADER)}
    told = {name: first(dict(headers), path) for name, path in named.items()}
    found = found_in(body, {name: path for name, path in paths.items() if name not in named})
    return {**found, **{name: str(value) for name, value in told.items() if value is not None}}


def in_headers(paths: Mapping[str, str]) -> bool:
    """Whether one of the paths is of a header."""
    return any(path.startswith(_IN_HEADER) for path in paths.values())


def unsaid(paths: Mapping[str, str]) -> dict[str, str]:
    """What it means that an answer says nothing: `null`, the version of an object where versions are not kept."""
    return ids_in((b"", ()), paths)


def entries_in(body: bytes, name: str, paths: Mapping[str, str]) -> list[dict[str, str]]:
    """What an answer says of each of several.

    Args:
        body: the answer.
        name: tag of an entry in XML, path of the entries in JSON.
        paths: what to call it, to its path in an entry; entries that lack one are left out.
    """
    try:
        if body.lstrip()[:1] == b"<":
            found = [{child.tag: child.text for child in node.children} for node in _named(parse_xml(body), name)]
        else:
            found = [dict(entry) for entry in every(_document(body) if body else None, name) if isinstance(entry, dict)]
    except (ValueError, MalformedError):
        return []
    read = [{member: first(entry, path) for member, path in paths.items()} for entry in found]
    return [{member: str(value) for member, value in one.items()} for one in read if None not in one.values()]


def _named(node: Element, tag: str) -> Iterator[Element]:
    if node.tag == tag:
        yield node
    for child in node.children:
        yield from _named(child, tag)


def all_in(body: bytes, path: str) -> tuple[str, ...]:
    """Every value at a place in an answer, in order; none for an answer that is in no known form.

    Args:
        body: the answer.
        path: as for `found_in`.
    """
    try:
        if body.lstrip()[:1] == b"<":
            function, _, inner = path.rpartition("(")
            texts = list(_texts(parse_xml(body), inner.rstrip(")").split(".")))
            values = every(texts, f"{function}(@)" if function else "@")
        else:
            values = every(_document(body) if body else None, path)
        return tuple(str(value) for value in values)
    except (ValueError, MalformedError):
        return ()


def _texts(node: Element, steps: Sequence[str]) -> Iterator[str]:
    if node.tag == steps[0]:
        if len(steps) == 1:
            yield node.text
        else:
            for child in node.children:
                if child.tag == steps[1]:
                    yield from _texts(child, steps[1:])
        return
    for child in node.children:
        yield from _texts(child, steps)


def _document(body: bytes) -> Any:
    if body[:1] in b"{[ \r\n\t":
        return json.loads(body)
    import cbor2  # noqa: PLC0415 - few services answer in it

    try:
        return cbor2.loads(body)
    except cbor2.CBORDecodeError as error:
        raise ValueError(str(error)) from error


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
