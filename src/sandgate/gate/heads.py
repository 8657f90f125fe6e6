"""The head of a response, ready to send (RFC 9112, 4 and 5)."""

from __future__ import annotations

from http import HTTPStatus

__all__ = ["FRAMING", "NO_BODY", "response_head"]

NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""Their Content-Length, if any, tells of something else (RFC 9110, 8.6)."""
FRAMING = frozenset({"content-length", "connection", "transfer-encoding"})
"""Fields that are made anew for the client's connection."""
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode() for status in HTTPStatus}


def response_head(status: int, fields: list[bytes]) -> bytes:
    """Status line and fields.

    Args:
        status: HTTP status.
        fields: `name: value`.
    """
    return b"\r\n".join([_STATUS_LINES.get(status) or b"HTTP/1.1 %d " % status, *fields, b"\r\n"])
