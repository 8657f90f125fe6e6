"""The error inside `wire` for a request with no reading, or with two; `identify` gives it the service's code."""

from __future__ import annotations

__all__ = ["MalformedError"]


class MalformedError(ValueError):
    """The request does not fit; the text names members and types, never values."""
