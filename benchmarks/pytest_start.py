"""What the plugin adds to a pytest of one trivial test on the emulated tier, with a warm cache, and where it goes.

Both ways run by turns, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 10
LIMIT = 0.8
"""Seconds, the most that it may add."""
WARM = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""A cache is not warm where every start compiles what it loads."""


def timed(folder: Path, *arguments: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=WARM, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text("[tool.sandgate]\nallow_empty = true\n")
        (folder / "test_it.py").write_text("def test_it(): pass\n")
        timed(folder)  # the first one fills the caches
        rounds = [(timed(folder), timed(folder, "-p", "no:sandgate")) for _ in range(ROUNDS)]
        added = [with_it - without for with_it, without in rounds]
        receipts = [json.loads(path.read_text()) for path in folder.glob(".sandgate/runs/*/receipt.json")]
    without = statistics.median(entry[1] for entry in rounds)
    ready, stop = (statistics.median(receipt["seconds"][part] for receipt in receipts) for part in ("ready", "stop"))
    median = statistics.median(added)
    print(f"pytest without the plugin  {without:.2f} s")
    print(f"the plugin adds            {median:.2f} s (at most {LIMIT} s), from {min(added):.2f} to {max(added):.2f}")
    print(f"  of which                 {ready:.2f} s until gate and emulator are ready, {stop:.2f} s to stop them")
    if median > LIMIT:
        sys.exit(f"over the limit of {LIMIT} s")


if __name__ == "__main__":
    main()
