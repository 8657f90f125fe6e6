"""Runs one block of commands of the tool's README, as its user would, and holds the output against the page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SECTION = re.compile(r"^## Getting started\n(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block, and what must follow it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(command, output) for command, _, output in (part.partition("\n") for part in parts)]


def matches(wanted: str, said: str) -> bool:
    """Whether an output is what the page shows; `...` stands for any text."""
    return re.fullmatch(".*?".join(map(re.escape, wanted.split("..."))), said) is not None


def main(page: str, number: str) -> int:
    """Run the block with that number, from 1."""
    section = SECTION.search(Path(page).read_text(encoding="utf-8"))
    blocks = BLOCK.findall(section[1]) if section else []
    if len(blocks) < int(number):
        print(f"the section has {len(blocks)} blocks of commands", file=sys.stderr)
        return 2
    for command, wanted in commands(blocks[int(number) - 1]):
        print(f"$ {command}", flush=True)
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
        print(done.stdout, end="", flush=True)
        print(done.stderr, end="", file=sys.stderr, flush=True)
        if done.returncode != 0 or not matches(wanted, done.stdout):
            print(f"status {done.returncode}; the page shows\n{wanted}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
