"""Which reader a body needs."""

from __future__ import annotations

import zlib

from sandgate.rewrite.cbor_body import read_cbor
from sandgate.rewrite.document import Document, RewriteError, Steps
from sandgate.rewrite.form_body import read_form
from sandgate.rewrite.json_body import read_json
from sandgate.rewrite.xml_body import read_xml

__all__ = ["plain", "read"]

_MAX_PLAIN = 64 * 1024 * 1024


def read(content_type: str, operation: str, body: bytes, steps: Steps) -> Document:
    """Find members of a body, whatever its format; a missing or odd content type is made up for by its first byte.

    Raises:
        RewriteError: it cannot be read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    first = body.lstrip()[:1]
    if not body:
        return Document(body, (), str.encode)
    if kind == "application/cbor":
        return read_cbor(body, steps)
    if kind == "application/x-www-form-urlencoded":
        return read_form(body, steps)
    if kind.endswith("xml") or first == b"<":
        return read_xml(body, steps, operation)
    if "json" in kind or first in {b"{", b"["}:
        return read_json(body, steps)
    raise RewriteError("the body is neither XML, JSON, CBOR nor a form")


def plain(body: bytes, encoding: str) -> bytes:
    """The body without its Content-Encoding.

    Raises:
        RewriteError: another encoding than gzip, or it is damaged.
    """
    if encoding.lower() not in {"gzip", "x-gzip"}:
        raise RewriteError(f"the Content-Encoding {encoding!r} is not supported")
    try:
        unpacked = zlib.decompressobj(wbits=31)
        text = unpacked.decompress(body, _MAX_PLAIN)
        if unpacked.unconsumed_tail or not unpacked.eof:
            raise RewriteError("the compressed body is too large or cut off")
    except zlib.error:
        raise RewriteError("the compressed body is damaged") from None
    return text
