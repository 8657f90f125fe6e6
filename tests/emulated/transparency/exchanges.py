"""Bytes captured on both sides of the gate: taken apart, and compared but for what lists and rewrite files name.

Not compared is what tells nobody anything: a reason phrase, a `?` before an empty query, and fields behind a chunked
body, which end with its framing (RFC 9110, 6.5.1).
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote_plus
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

__all__ = ["CONNECTION", "SIGNATURE", "Exchange", "Message", "differences", "exchanges", "message", "plain"]

# -- what may differ --------------------------------------------------------------------------------------------------


def _names(text: str) -> frozenset[bytes]:
    return frozenset(text.encode().split())


CONNECTION = _names(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    "upgrade expect content-length host"
)
"""Fields of one connection (RFC 9110, 7.6.1), its framing, and whom it names."""
SIGNATURE = _names(
    "authorization x-amz-date x-amz-security-token x-amz-s3session-token x-amz-content-sha256 x-amz-trailer-signature"
)
PRESIGNED = _names(
    "X-Amz-Algorithm X-Amz-Content-Sha256 X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-S3session-Token "
    "X-Amz-Security-Token X-Amz-Signature X-Amz-SignedHeaders AWSAccessKeyId Expires Signature x-amz-security-token"
)
FORM_SIGNATURE = _names(
    "awsaccesskeyid policy signature x-amz-algorithm x-amz-credential x-amz-date x-amz-security-token x-amz-signature"
)
CHUNKS = _names("x-amz-decoded-content-length x-amz-trailer")
"""What describes aws-chunked framing, whose payload and trailers are compared in its place."""
OF_A_CHANGED_BODY = _names("content-encoding content-md5 x-amz-crc32")
"""Of an answer in which a member was rewritten, and of no other."""

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or a response, as it was on the wire."""

    start: bytes
    fields: Fields
    """Names in lower case, which says the same (RFC 9110, 5.1)."""
    body: bytes
    raw: bytes

    def get(self, name: bytes) -> bytes:
        return next((value for found, value in self.fields if found == name), b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer, on one side of the gate."""

    asked: Message
    said: Message


def fields_of(data: bytes) -> Fields:
    pairs = (line.partition(b":") for line in data.split(b"\r\n") if line)
    return tuple((name.lower(), value.strip(b" \t")) for name, _, value in pairs)


def message(data: bytes, *, bodiless: bool = False) -> tuple[Message, bytes]:
    """The first message of what was captured, and what follows it."""
    head, end, rest = data.partition(b"\r\n\r\n")
    assert end, data[:200]
    start, _, lines = head.partition(b"\r\n")
    fields = fields_of(lines)
    names = dict(fields)
    if bodiless:
        body = b""
    elif names.get(b"transfer-encoding") == b"chunked":
        body, rest = unchunked(rest)
    elif b"content-length" in names:
        size = int(names[b"content-length"])
        assert len(rest) >= size
        body, rest = rest[:size], rest[size:]
    elif start.startswith(b"HTTP/"):
        body, rest = rest, b""  # it ends with its connection
    else:
        body = b""
    raw = data[: len(data) - len(rest)]
    return Message(start=start, fields=fields, body=body, raw=raw), rest


def unchunked(data: bytes) -> tuple[bytes, bytes]:
    pieces = []
    while True:
        line, _, data = data.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        pieces.append(data[:size])
        data = data[size + 2 :]
    while not data.startswith(b"\r\n"):
        data = data.partition(b"\r\n")[2]
    return b"".join(pieces), data[2:]


def exchanges(asked: bytes, said: bytes) -> list[Exchange]:
    """Everything that was captured on one connection."""
    found = []
    while asked:
        question, asked = message(asked)
        while True:
            status = said.split(b" ", 2)[1]
            bodiless = question.start.startswith(b"HEAD ") or status in {b"204", b"304"} or status < b"200"
            answer, said = message(said, bodiless=bodiless)
            if status >= b"200":
                break
        found.append(Exchange(asked=question, said=answer))
    assert not said
    return found


# -- what must be equal -----------------------------------------------------------------------------------------------

REWRITE = Path(__file__).parents[3] / "src/sandgate/rewrite"


def rewritten_paths(service: str, operation: str, side: str) -> list[str]:
    """The members that the product's own data files let the gate change."""
    addresses = json.loads((REWRITE / "addresses.json").read_text())["rules"]
    credentials = json.loads((REWRITE / "credentials.json").read_text())
    paths = [
        path
        for row in (*addresses, *credentials["ids"])
        if row["service"] == service and operation in row["operations"] and row["in"] == side
        for path in row["paths"]
    ]
    for row in credentials["minted"]:
        if row["service"] == service and operation in row["operations"] and side == "response":
            at = f"{row['at']}." if row["at"] else ""
            paths += [at + row[name] for name in ("id", "secret", "token") if name in row]
    return paths


def members(body: bytes, operation: str, path: str) -> list[bytes]:
    """Every value at a path, as the body writes it with what encloses it."""
    steps = path.split(".")
    if body[:1] in {b"{", b"["}:
        return [json.dumps(value).encode() for value in in_json(json.loads(body), steps)]
    if body[:1] == b"<":
        root = ET.fromstring(body)
        below = [child for child in root if child.tag.rpartition("}")[2] == f"{operation}Result"]
        return [f">{escape(text)}<".encode() for text in in_xml(below[0] if below else root, steps)]
    pattern = "".join(r"(?:\.member)?\.\d+" if step == "[]" else rf"\.{step}" for step in steps)
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True)
    found = [value for name, value in pairs if re.fullmatch(pattern, f".{name}")]
    return [f"={quote_plus(value, safe='-_.~')}".encode() for value in found]


def in_json(value: Any, steps: Sequence[str]) -> Iterator[str]:
    if not steps:
        yield str(value)
    elif isinstance(value, list) and steps[0] == "[]":
        for entry in value:
            yield from in_json(entry, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from in_json(value[steps[0]], steps[1:])


def in_xml(element: ET.Element, steps: Sequence[str]) -> Iterator[str]:
    if not steps:
        yield element.text or ""
        return
    for child in element:
        if steps[0] in ("[]", child.tag.rpartition("}")[2]):
            yield from in_xml(child, steps[1:])


def undone(body: bytes, original: bytes, operation: str, paths: Sequence[str]) -> bytes:
    """The body with each listed member as it was on the other side, and with every other byte as it is."""
    for path in paths:
        try:
            pairs = zip(members(body, operation, path), members(original, operation, path), strict=True)
            for new, old in pairs:
                body = body if new == old else body.replace(new, old, 1)
        except (ValueError, ET.ParseError):
            break  # not the same members, or no document any more
    return body


def plain(asked: Message) -> Message:
    """A request without aws-chunked framing: its payload, and its trailers among the fields."""
    if not asked.get(b"x-amz-content-sha256").startswith(b"STREAMING-"):
        return asked
    pieces, data = [], asked.body
    while True:
        line, _, data = data.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        pieces.append(data[:size])
        data = data[size + 2 :]
    coding = [
        (n, v.removesuffix(b"aws-chunked").rstrip(b", ") if n == b"content-encoding" else v) for n, v in asked.fields
    ]
    kept = [(n, v) for n, v in coding if n not in CHUNKS and (n != b"content-encoding" or v)]
    return replace(asked, fields=(*kept, *fields_of(data)), body=b"".join(pieces))


def target_of(asked: Message) -> tuple[bytes, bytes, list[bytes]]:
    """Method, path, and what the query says besides its signature."""
    method, target, _ = asked.start.split(b" ")
    path, _, query = target.partition(b"?")
    kept = [piece for piece in query.split(b"&") if piece and piece.partition(b"=")[0] not in PRESIGNED]
    return method, path, kept


def hoisted(asked: Message) -> list[tuple[bytes, bytes]]:
    """Headers that presigning moved into the query; only there does a service look for them as long as it is signed."""
    if b"X-Amz-Signature=" not in asked.start and b"AWSAccessKeyId=" not in asked.start:
        return []
    own = {name.lower() for name in PRESIGNED}
    pairs = [(piece.partition(b"=")) for piece in target_of(asked)[2]]
    named = [(n.lower(), unquote_plus(v.decode()).encode()) for n, _, v in pairs]
    present = {name for name, _ in asked.fields}
    return [
        (n, v)
        for n, v in named
        if (n.startswith(b"x-amz-") or n in {b"content-type", b"content-md5"}) and n not in own | present
    ]


def form(asked: Message) -> tuple[object, ...]:
    """An upload by HTML form: fields in order, the policy without what names its key, and the file's bytes."""
    boundary = b"--" + asked.get(b"content-type").partition(b"boundary=")[2]
    head, separator, file = asked.body.partition(b'name="file"')
    parts = [part.partition(b"\r\n\r\n") for part in head.split(boundary)[1:-1]]
    fields = [(re.findall(rb'name="([^"]*)"', n)[0].decode(), v.removesuffix(b"\r\n")) for n, _, v in parts]
    policy = next(json.loads(base64.b64decode(v)) for n, v in fields if n == "policy")
    policy["conditions"] = [
        c for c in policy["conditions"] if not (isinstance(c, dict) and FORM_SIGNATURE & {name.encode() for name in c})
    ]
    kept = [(n, v) for n, v in fields if n.lower().encode() not in FORM_SIGNATURE]
    return kept, policy, head.split(boundary)[-1] + separator + file


def kept(fields: Fields, besides: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in fields if name not in besides]


def differences(near: Exchange, far: Exchange, service: str, operation: str) -> list[str]:
    """What is not the same on the client's and on the upstream's side, and has no entry that allows it."""
    return [*of_requests(near.asked, far.asked, service, operation), *of_answers(near, far, service, operation)]


def of_requests(near: Message, far: Message, service: str, operation: str) -> Iterator[str]:
    near, far = plain(near), plain(far)
    if target_of(near) != target_of(far):
        yield f"target: {target_of(near)} became {target_of(far)}"
    sent = [*kept(near.fields, CONNECTION | SIGNATURE), *hoisted(near)]
    came = kept(far.fields, CONNECTION | SIGNATURE)
    if sent != came:
        yield f"request fields: {sent} became {came}"
    if operation == "PostObject":
        if form(near) != form(far):
            yield f"form: {form(near)} became {form(far)}"
    elif undone(far.body, near.body, operation, rewritten_paths(service, operation, "request")) != near.body:
        yield f"request body: {near.body[:2000]!r} became {far.body[:2000]!r}"


def of_answers(near: Exchange, far: Exchange, service: str, operation: str) -> Iterator[str]:
    said, came = near.said, far.said
    if said.start.split(b" ")[1] != came.start.split(b" ")[1]:
        yield f"status: {came.start!r} became {said.start!r}"
    allowed = CONNECTION
    was = came.body
    if said.body != was:
        allowed |= OF_A_CHANGED_BODY
        was = gzip.decompress(was) if came.get(b"content-encoding") == b"gzip" else was
        if undone(said.body, was, operation, rewritten_paths(service, operation, "response")) != was:
            yield f"body: {was[:2000]!r} became {said.body[:2000]!r}"
    if kept(came.fields, allowed) != kept(said.fields, allowed):
        yield f"fields: {kept(came.fields, allowed)} became {kept(said.fields, allowed)}"
    no_body = near.asked.start.startswith(b"HEAD ") or b" 304" in came.start[:13]
    if no_body and said.get(b"content-length") != came.get(b"content-length"):
        yield f"announced length: {came.get(b'content-length')!r} became {said.get(b'content-length')!r}"
