"""Modelled headers: scalars, lists, maps behind a prefix, and JSON in base64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandgate.wire.http import Request
from sandgate.wire.malformed import MalformedError
from sandgate.wire.models import Service
from sandgate.wire.protocols._json import load
from sandgate.wire.protocols._scalars import blob, text_decoder
from sandgate.wire.uri import Pairs

__all__ = ["header_decoder", "header_map", "s3_headers"]


def s3_headers(request: Request, query: Pairs) -> Mapping[str, str]:
    """S3's headers by name, those in a presigned URL's query among them, as they were before chunk framing.

    Args:
        request: the request head.
        query: decoded.

    Raises:
        MalformedError: a header stands in both places with different values.
    """
    hoisted = {key.lower(): value for key, value in query if key.lower().startswith("x-amz-")}
    names = [name.strip() for name in request.fields.get("content-encoding", "").split(",")]
    codings = [name for name in names if name.lower() != "aws-chunked"]
    length = request.fields.get("x-amz-decoded-content-length")
    if not hoisted and length is None and len(codings) == len(names):
        return request.fields
    merged = dict(request.fields)
    for name, value in hoisted.items():
        if merged.setdefault(name, value) != value:
            raise MalformedError(f"{name} differs between query and headers")
    merged.pop("content-encoding", None)
    if any(codings):
        merged["content-encoding"] = ",".join(codings)
    if length is not None:
        merged["content-length"] = length
    return merged


def header_map(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The headers behind a prefix, by the rest of their names."""
    return {name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix) and name != prefix}


def header_decoder(service: Service, shape: Mapping[str, Any]) -> Callable[[str], object]:
    """The reader of one modelled header."""
    if shape["type"] == "list":
        return _list(service.resolve(shape["member"]))
    if shape.get("jsonvalue"):
        return lambda text: load(blob(text))
    return text_decoder(shape, "rfc822")


def _list(member: Mapping[str, Any]) -> Callable[[str], object]:
    decode = text_decoder(member, "rfc822")
    dates = member["type"] == "timestamp" and member.get("timestampFormat", "rfc822").lower() == "rfc822"

    def read(text: str) -> object:
        parts = list(_split(text))
        if dates:
            # An HTTP date holds one comma of its own (RFC 9110, 5.6.7).
            parts = [f"{day}, {rest}" for day, rest in zip(parts[::2], parts[1::2], strict=True)]
        return [decode(part) for part in parts]

    return read


def _split(text: str) -> Iterator[str]:
    """The elements of a comma-separated header; quoted ones may hold commas and escaped quotes (RFC 9110, 5.6.4)."""
    at = 0
    while at <= len(text):
        while at < len(text) and text[at] == " ":
            at += 1
        if text.startswith('"', at):
            value, at = _quoted(text, at + 1)
            yield value
            while at < len(text) and text[at] == " ":
                at += 1
            if at < len(text) and text[at] != ",":
                raise MalformedError("text follows a quoted header element")
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            yield text[at:end].rstrip(" ")
            at = end
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    out: list[str] = []
    while at < len(text):
        char = text[at]
        if char == '"':
            return "".join(out), at + 1
        if char == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
            at += 1
            char = text[at]
        out.append(char)
        at += 1
    raise MalformedError("a quoted header element does not end")
