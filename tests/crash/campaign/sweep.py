"""Sweeps one dead run, and says what it came to in one line of JSON. Arguments: the project's folder, the run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sandgate import sweeping
from sandgate.errors import SandgateError
from sandgate.past import others_than, past_runs

__all__ = ["main"]


def main() -> int:
    """Sweep."""
    runs = {past.id: past for past in past_runs(Path(sys.argv[1]))}
    past = runs.pop(sys.argv[2])
    others = others_than(past.id, runs.values())
    try:
        with sweeping.opened(past, progress=lambda _text: None) as run:
            sys.stdout.write("sweeping\n")
            sys.stdout.flush()
            swept = sweeping.sweep(run, others=others)
    except SandgateError as error:
        sys.stdout.write(json.dumps({"refused": error.message}) + "\n")
        return int(error.exit_code)
    left = [f"{one.entry.type} {one.entry.name}: {one.why}" for one in swept.left]
    sys.stdout.write(json.dumps({"removed": len(swept.removed), "left": left}) + "\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
