"""Runs pytest again and again, each time in a fork of a process that has loaded what no test of ours changes.

Reads one job per line on standard input: `folder`, `arguments`, `environ` and `output`, the file for what it prints.
Answers each with a line that holds its exit status, once its fork has ended.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

# What most tests load, and what takes most of their start. Nothing of sandgate: its folder differs from job to job.
import _pytest.assertion
import _pytest.capture
import _pytest.python
import botocore.auth
import botocore.session
import httptools
import hypothesis
import pytest
import rich.console
import typer

LOADED = (_pytest, botocore, httptools, hypothesis, rich, typer)


def run(job: Mapping[str, Any]) -> int:
    """Run one pytest, in the process that was forked for it."""
    output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in enumerate((nothing, output, output)):
        os.dup2(target, number)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environ"])
    sys.path[:1] = [job["folder"], f"{job['folder']}/src"]
    sys.argv = ["pytest", *job["arguments"]]
    gc.set_threshold(100_000)  # most of what a test loads stays to its end
    return int(pytest.main(job["arguments"]))


def main() -> None:
    """Serve until standard input ends."""
    gc.collect()
    gc.freeze()  # what is loaded here is neither garbage nor looked through, and so copied, by any fork
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            status = 70
            try:
                status = run(job)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"status": os.waitstatus_to_exitcode(ended)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
