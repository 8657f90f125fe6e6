"""A shell may stand in a folder that somebody has removed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from sandgate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "line",
    [
        "ci gate",
        "config",
        "doctor",
        "down --yes",
        "env",
        "explain",
        "policy show",
        "receipt show",
        "receipt verify --commit 0123456789012345678901234567890123456789",
        "rotate --yes",
        "run -- true",
        "shell",
        "start",
        "status",
        "stop",
        "story init a",
        "story list",
        "story run a",
        "sweep",
        "tasks",
        "up --yes",
    ],
)
def test_a_current_folder_that_is_gone_is_one_error(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    errors = io.StringIO()
    assert run(line.split(), stderr=errors) == 4
    assert errors.getvalue().startswith("error: the current folder cannot be used: No such file or directory\n")
    assert errors.getvalue().count("error:") == 1
