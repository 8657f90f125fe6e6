"""The comparison itself: what was changed on one side only is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest


def heard(both_sides: Any, raw: bytes, near: Any) -> Any:
    """A changed message; nothing when it is no message any more."""
    bodiless = near.start.startswith(b"HTTP/") and not near.body
    try:
        found, rest = both_sides.message(raw, bodiless=bodiless)
    except (ValueError, AssertionError, IndexError):
        return None
    return None if rest or found.start.count(b" ") != near.start.count(b" ") else found


def unnoticed(both_sides: Any, near: Any, far: Any, service: str, operation: str) -> Iterator[bytes]:
    """Change each byte of the client's side in turn: the lines in which a change is not seen, up to its place."""
    for side in ("asked", "said"):
        whole: Any = getattr(near, side)
        for at in range(len(whole.raw)):
            raw = bytearray(whole.raw)
            raw[at] ^= 1
            changed = heard(both_sides, bytes(raw), whole)
            if changed is None:
                continue
            pair = replace(near, asked=changed) if side == "asked" else replace(near, said=changed)
            if not both_sides.differences(pair, far, service, operation):
                yield whole.raw[: at + 1].rstrip().rpartition(b"\r\n")[2]


def test_every_changed_byte_is_seen(both_sides: Any, wire: Any, bucket: str) -> None:
    """But for those that the lists above name: fields of the connection and the signature, and a listed member."""
    wire.call("sqs", "create_queue", QueueName="test-seen")
    rewritten = wire.seen[-1]
    wire.call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    listed = both_sides.CONNECTION | both_sides.SIGNATURE
    free = re.compile(rb"""[A-Z]+ [^ ]+ H[TP/1.]*|H[TP/1.]*|HTTP/1.1 \d{3} .*|\{"QueueUrl": ?"[^"]*""")
    for entry in (rewritten, wire.seen[-1]):
        found = list(unnoticed(both_sides, *entry))
        assert found
        for line in found:
            assert line.partition(b":")[0].lower() in listed or free.fullmatch(line), line


PLANTED: dict[str, Callable[[Any], Any]] = {
    "order": lambda e: replace(e, asked=replace(e.asked, fields=e.asked.fields[::-1])),
    "a field more": lambda e: replace(e, asked=replace(e.asked, fields=(*e.asked.fields, (b"via", b"1.1 x")))),
    "a field less": lambda e: replace(e, said=replace(e.said, fields=())),
    "encoding": lambda e: replace(e, asked=replace(e.asked, start=e.asked.start.replace(b"%2B", b"%2b"))),
    "method": lambda e: replace(e, asked=replace(e.asked, start=e.asked.start.replace(b"PUT", b"POST"))),
    "payload": lambda e: replace(e, asked=replace(e.asked, body=e.asked.body + b"1")),
    "status": lambda e: replace(e, said=replace(e.said, start=b"HTTP/1.1 201 Created")),
    "answer": lambda e: replace(e, said=replace(e.said, body=e.said.body + b"1")),
}


@pytest.mark.parametrize("how", PLANTED)
def test_a_planted_difference_is_seen(both_sides: Any, wire: Any, bucket: str, how: str) -> None:
    wire.call("s3", "put_object", Bucket=bucket, Key="planted+", Body=b"1", Metadata={"a": "b"})
    near, far, *call = wire.seen[-1]
    assert both_sides.differences(near, far, *call) == []
    assert both_sides.differences(near, PLANTED[how](far), *call)
