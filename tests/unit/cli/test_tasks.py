"""Tasks for the runners that projects have."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from sandgate.cli.main import run


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(("tasks", *arguments)) == 0
    return capsys.readouterr().out


def test_make_knows_both_names(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(_printed(capsys, "make"))
    # `make test` runs this; a make below another says where it is.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    for name, command in (("up", "sandgate up"), ("cdk-up", "sandgate up"), ("cdk-down", "sandgate down --sweep")):
        shown = subprocess.run(
            ["make", "-n", name], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        )
        assert shown.stdout == f"{command}\n"


def test_mise_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = tomllib.loads(_printed(capsys, "mise"))["tasks"]
    assert tasks["up"] == {
        "description": "Make the identity of the tests, and its key",
        "run": "sandgate up",
        "alias": "cdk-up",
    }
    assert tasks["integration-sandbox"]["run"] == "sandgate run --tier sandbox -- pytest"


def test_just_has_recipes_and_aliases(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _printed(capsys, "just").splitlines()
    at = lines.index("down:")
    assert lines[at - 1 : at + 3] == [
        "# Remove the identity, with its key and secrets",
        "down:",
        "    sandgate down --sweep",
        "alias cdk-down := down",
    ]


def test_the_file_that_stands_here_decides(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ".PHONY: up cdk-up" in _printed(capsys)
    (tmp_path / "justfile").touch()
    assert "alias cdk-up := up" in _printed(capsys)
    (tmp_path / "mise.toml").touch()
    assert "[tasks.up]" in _printed(capsys)


def test_another_runner_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(("tasks", "mse")) == 2
    assert "did you mean 'mise'?" in capsys.readouterr().err
