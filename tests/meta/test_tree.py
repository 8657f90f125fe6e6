"""What must not stand in the tree: paths of somebody's machine, real account ids, registry hosts, unfinished work."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = frozenset({"111122223333", "000000000000"})
# Each pattern is written so that it does not match its own line.
FORBIDDEN = {
    "a path of somebody's machine": r"/(home|Users|root|work)/[a-z]\w*/|/tmp/[a-z]\w*/[a-z]",
    "a registry host": r"pypi\.[o]rg|pythonhosted\.[o]rg|registry\.npm[j]s|index-[u]rl",
    "unfinished work": r"\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b|NotImplemented[E]rror",
    "a key that looks real": r"\b(AKIA|ASIA)(?!.*EXAMPLE)[A-Z2-7]{16}\b",
}


def files() -> Iterator[Path]:
    """Every text file that is tracked, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines():
        path = ROOT / name
        if path.is_file() and b"\0" not in path.read_bytes()[:4096]:
            yield path


def finds(pattern: str, *, where: str = "") -> list[str]:
    """File, line and text of each match."""
    compiled = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in files()
        if str(path.relative_to(ROOT)).startswith(where)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if (match := compiled.search(line))
    ]


@pytest.mark.parametrize("what", [name for name in FORBIDDEN if "key" not in name])
def test_it_stands_nowhere(what: str) -> None:
    assert finds(FORBIDDEN[what]) == []


def test_no_key_that_looks_real_in_source_or_docs() -> None:
    for folder in ("src", "docs", "examples", "README.md"):
        assert finds(FORBIDDEN["a key that looks real"], where=folder) == []


def test_only_the_two_documented_account_ids() -> None:
    ids = finds(r"(?<![\w.-])\d{12}(?![\w.-])")
    assert [line for line in ids if line.rsplit(": ", 1)[1] not in ACCOUNTS] == []


def test_the_patterns_find_what_they_are_for() -> None:
    samples = {
        "a path of somebody's machine": "/home/" + "ann/src/x",
        "a registry host": "https://pypi." + "org/simple",
        "unfinished work": "# TO" + "DO: later",
        "a key that looks real": "AKIA" + "B" * 16,
    }
    assert [what for what, text in samples.items() if not re.search(FORBIDDEN[what], text)] == []
