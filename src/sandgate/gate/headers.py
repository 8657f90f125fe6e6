"""Fields of one connection, and framing: neither is forwarded (RFC 9110, 7.6.1)."""

from __future__ import annotations

__all__ = ["HOP_BY_HOP"]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "content-length",
    }
)
"""Names in lower case."""
