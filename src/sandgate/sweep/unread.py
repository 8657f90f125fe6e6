"""What botocore raises on an answer that it cannot read."""

from __future__ import annotations

__all__ = ["unread"]


def unread() -> type[Exception]:
    """Its kind, for an `except`, which asks for it when something was raised.

    Its module takes a sixth of a second to load, and who only looks at runs calls nobody.
    """
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    kind: type[Exception] = ResponseParserError
    return kind
