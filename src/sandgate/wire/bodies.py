"""Content codings of request bodies (RFC 9110, 8.4): gzip, bounded."""

from __future__ import annotations

import zlib

from sandgate.wire.http import WireError

__all__ = ["MAX_BODY", "decode_body"]

MAX_BODY = 80 * 1024 * 1024
"""Bytes of a decoded body; no API takes that much outside a streaming member."""

_GZIP = 16 + zlib.MAX_WBITS


def decode_body(body: bytes, coding: str, *, limit: int = MAX_BODY) -> bytes:
    """Undo a request's Content-Encoding.

    Args:
        body: as it came, chunk framing removed.
        coding: the header's value; `aws-chunked` and `identity` mean nothing here.
        limit: bytes that the decoded body may have.

    Raises:
        WireError: an unknown coding, broken data, data after the end, or more than `limit`.
    """
    names = [name.strip().lower() for name in coding.split(",")]
    codings = [name for name in names if name not in ("", "aws-chunked", "identity")]
    if not codings:
        return body
    if codings != ["gzip"]:
        raise WireError("UnsupportedMediaType", "The request has a content encoding that is not gzip.", status=415)
    unpacker = zlib.decompressobj(_GZIP)
    try:
        out = unpacker.decompress(body, limit)
    except zlib.error:
        raise WireError("SerializationException", "The request body is not gzip.") from None
    if unpacker.unconsumed_tail:
        raise WireError("RequestEntityTooLarge", "The request body is too large once decompressed.", status=413)
    if not unpacker.eof or unpacker.unused_data:
        raise WireError("SerializationException", "The request body is not one whole gzip stream.")
    return out
