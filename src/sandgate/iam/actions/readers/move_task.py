"""`move-task`: the queue that a message move task of SQS drains.

A task handle is base64 of JSON with `sourceArn`. Source: SQS API Reference, StartMessageMoveTask, example answer.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]


def _read(value: object) -> Iterator[Mapping[str, object]]:
    try:
        held = json.loads(base64.b64decode(str(value).encode("ascii"), validate=True))
    except (ValueError, binascii.Error, RecursionError):
        held = None
    arn = held.get("sourceArn") if isinstance(held, dict) else None
    if not isinstance(arn, str):
        raise ValueError("the task handle does not say which queue it drains")  # noqa: TRY004 - the one error of readers
    yield {"SourceArn": arn}


READER = Reader(name="move-task", read=_read)
