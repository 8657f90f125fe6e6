"""What is written down of our own mistakes: kind and place, never the text, which may quote what a client sent."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from typing import Any

__all__ = ["describe_bug", "report_loop_bug"]

_log = logging.getLogger("sandgate.gate")
_FRAMES = 6
_LONGEST = 80


def describe_bug(bug: BaseException) -> str:
    """Where an exception came from."""
    frames = traceback.extract_tb(bug.__traceback__)[-_FRAMES:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(bug).__name__} at {where}"


def report_loop_bug(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """The event loop's exception handler: its own would print the exception and what it was raised in."""
    error = context.get("exception")
    what = describe_bug(error) if isinstance(error, BaseException) else "no exception"
    _log.error("a bug in the gate: %s: %s", str(context.get("message", ""))[:_LONGEST], what)
