"""The command line: one file per command under `commands/`."""

from __future__ import annotations

__all__: list[str] = []
