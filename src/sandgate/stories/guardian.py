"""A process that outlives a story which is killed, and then ends what it has started.

Run as a file, with the story's mark. It reads lines of JSON until whoever writes them is gone: a list is a program that
removes something, a number the process group of the step that runs, `null` that all is well and nothing is to do.
Standard library only, and nothing of sandgate: every story starts one.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["end_marked", "main"]


def end_marked(entry: str) -> None:
    """End every process with a variable that begins like this; only Linux shows the environment of processes.

    Args:
        entry: `NAME=value`, or its beginning.
    """
    wanted = entry.encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if any(one.startswith(wanted) for one in path.read_bytes().split(b"\0")):
                os.kill(int(path.parent.name), signal.SIGKILL)


def main(entry: str, lines: Iterable[str]) -> None:
    """Wait for the end of the story.

    Args:
        entry: variable and beginning of the value by which processes of its steps are known.
        lines: what it says.
    """
    group, programs = 0, []
    for line in lines:
        said = json.loads(line)
        if said is None:
            return
        if isinstance(said, int):
            group = said
        else:
            programs.append(said)
    if group:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    end_marked(entry)
    for program in programs:
        with contextlib.suppress(OSError):
            subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin)
