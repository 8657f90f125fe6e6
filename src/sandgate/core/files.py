"""Files that are replaced atomically: a reader sees the old one or the new one, never a half."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["replace_json", "replace_text"]


def replace_text(path: Path, text: str, *, mode: int = 0o600, scratch: Path | None = None) -> None:
    """Write beside `path`, flush to disk, and rename over it.

    Args:
        path: of the file.
        text: all that is in it afterwards; a path in it may be no UTF-8, and stays the bytes that it is.
        mode: of the file.
        scratch: folder to write in meanwhile, which must be on the same file system to be used: what is killed in the
            midst of it leaves its text there, not beside `path`, where git may not ignore it.
    """
    folder = path.parent if scratch is None else scratch
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if scratch is None or not isinstance(error, OSError) or error.errno != errno.EXDEV:
            raise
        replace_text(path, text, mode=mode)


def replace_json(path: Path, data: Mapping[str, object]) -> None:
    """`replace_text` with readable JSON."""
    replace_text(path, json.dumps(data, indent=2, sort_keys=False) + "\n")
