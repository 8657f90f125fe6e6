"""The end of a log, for messages."""

from __future__ import annotations

from pathlib import Path

__all__ = ["tail"]

_BYTES = 16384


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented."""
    try:
        text = log.read_bytes()[-_BYTES:].decode("utf-8", "replace")
    except OSError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (the log is empty)"
