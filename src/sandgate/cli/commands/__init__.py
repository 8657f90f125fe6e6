"""One command per file, each exporting `COMMAND`."""

from __future__ import annotations

__all__: list[str] = []
