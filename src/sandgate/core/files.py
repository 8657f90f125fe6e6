"""Files that are replaced atomically: a reader sees the old one or the new one, never a half."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["replace_json", "replace_text"]


def replace_text(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write beside `path`, flush to disk, and rename over it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def replace_json(path: Path, data: Mapping[str, object]) -> None:
    """`replace_text` with readable JSON."""
    replace_text(path, json.dumps(data, indent=2, sort_keys=False) + "\n")
