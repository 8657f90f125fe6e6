"""What `sandgate doctor` looks at: one file per check, each exports one `CHECK`."""

from __future__ import annotations

__all__: list[str] = []
