"""`stream-iterator`: the stream that a shard iterator of DynamoDB Streams reads.

AWS writes `ARN|number|token`; the embedded emulator base64 of JSON with the stream's ARN and, beside it, what it goes
by itself, which must agree. Source: DynamoDB API Reference, GetShardIterator, example answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_AWS = re.compile(r"(arn:[^|\s]+/stream/[^|\s]+)\|[^|\s]+\|\S+")
_ARN = re.compile(r"arn:aws(?:-[a-z]+)*:dynamodb:([^:]*):([^:]*):table/([^/]+)/stream/[^/]+")
_OPAQUE = "the shard iterator does not say which stream it reads"


def _read(value: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(value, str):
        raise ValueError(_OPAQUE)  # noqa: TRY004 - the one error of readers
    found = _AWS.fullmatch(value)
    yield {"StreamArn": found[1] if found else _of_the_emulator(value)}


def _of_the_emulator(value: str) -> str:
    """The ARN in the emulator's token.

    Raises:
        ValueError: there is none, or the rest of the token names another table.
    """
    try:
        held = json.loads(base64.b64decode(value.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise ValueError(_OPAQUE) from None
    arn = held.get("arn") if isinstance(held, dict) else None
    found = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    if found is None or (held.get("r", found[1]), held.get("a", found[2]), held.get("t")) != found.groups():
        raise ValueError(_OPAQUE)
    return found[0]


READER = Reader(name="stream-iterator", read=_read)
