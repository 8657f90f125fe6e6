"""`ciphertext`: the key that a ciphertext of KMS was made with, where it says so.

The embedded emulator puts the key's id first. A ciphertext of AWS is opaque and begins with another byte, so such a
call must name the key (KMS API Reference, Decrypt, "best practice: specify the key").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_ID = re.compile(rb"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def _read(value: object) -> Iterator[Mapping[str, object]]:
    found = _ID.match(value) if isinstance(value, bytes) else None
    yield {"KeyId": found[0].decode("ascii")} if found else {}


READER = Reader(name="ciphertext", read=_read)
