"""Runs inside the emulator's own environment: the emulator as runs have it, with what it lacks of IAM added."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Serve on the socket named by the first argument, by the script named by the second."""
    script = sys.argv.pop(2)
    sys.path.insert(0, str(Path(__file__).parent))
    for name in ("clocks", "conditions", "key_ids", "members"):  # beside this script
        importlib.import_module(name).add()
    spec = importlib.util.spec_from_file_location("serving", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()


if __name__ == "__main__":
    main()
