"""Requests of query services: `Name=value` pairs, lists as `Name.member.1`."""

from __future__ import annotations

from urllib.parse import quote_plus, unquote_plus

from sandgate.rewrite.document import Document, Found, Steps, follow

__all__ = ["read_form"]


def read_form(body: bytes, steps: Steps) -> Document:
    """Find parameters of a form body; `[]` is a number, or `member` and a number."""
    found = []
    at = 0
    for piece in body.split(b"&"):
        name, equals, value = piece.partition(b"=")
        path = _path(unquote_plus(name.decode("latin-1")), steps) if equals else None
        if path is not None:
            start = at + len(name) + 1
            text = unquote_plus(value.decode("latin-1"))
            found.append(Found(path, 0, start, start + len(value), text))
        at += len(piece) + 1
    return Document(body, found, _encode)


def _encode(text: str) -> bytes:
    return quote_plus(text, safe="-_.~").encode()


def _path(name: str, steps: Steps) -> str | None:
    taken = []
    names = name.split(".")
    for index, step in enumerate(names):
        if step == "member" and index + 1 < len(names) and names[index + 1].isdecimal():
            continue
        matched, below = follow(steps, "" if step.isdecimal() else step, wildcard="[]" if step.isdecimal() else "{}")
        if below is None:
            return None
        taken.append(matched)
        steps = below
    return ".".join(taken) if "" in steps else None
