"""What lies among the runs of a project and is none, or cannot be looked at."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from sandgate.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of runs, with one that made no call, a file and a folder of somebody's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SANDGATE_RUN_DIR", raising=False)
    (tmp_path / "pyproject.toml").write_text("[tool.sandgate]\n")
    folder = tmp_path / ".sandgate" / "runs"
    for name in ("20260131-120000-k3x9q2", "zzz"):
        (folder / name).mkdir(parents=True)
    (folder / "20260131-120000-k3x9q2" / "events.jsonl").touch()
    (folder / "notes.txt").touch()
    return folder


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("explain", 0, ""),
        ("explain 20260131-120000-k3x9q2", 0, ""),
        ("explain notes.txt", 2, "there is no run 'notes.txt' here"),
        ("explain zzz", 2, "there is no run 'zzz' here"),
        ("receipt show", 2, "there is no receipt here"),
        ("receipt show notes.txt", 2, "there is no receipt 'notes.txt'"),
        ("receipt show 20260131-120000-k3x9q", 2, "there is no receipt '20260131-120000-k3x9q'"),
        ("status", 0, ""),
        ("status zzz", 2, "there is no run 'zzz' with a ledger here"),
    ],
)
def test_what_is_no_folder_of_a_run_is_no_run(line: str, status: int, said: str) -> None:
    errors = io.StringIO()
    assert run(line.split(), stderr=errors) == status
    assert errors.getvalue().splitlines()[:1] == ([f"error: {said}"] if said else [])


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("status", "ledger.jsonl"),
        ("sweep", "ledger.jsonl"),
        ("stop", "run.json"),
        ("env", "run.json"),
        ("explain zzz", "config.json"),
        ("receipt show", "receipt.json"),
        ("receipt show zzz", "receipt.json"),
    ],
)
def test_a_folder_that_cannot_be_read_is_named(runs: Path, line: str, file: str) -> None:
    (runs / "zzz" / file).symlink_to(file)  # what root cannot look at either
    errors = io.StringIO()
    assert run(line.split(), stderr=errors) == 4
    said = "error: this folder cannot be read, so what runs are in it is not known: "
    assert errors.getvalue().startswith(said)
    assert f"\nwhere: {runs / 'zzz'}\n" in errors.getvalue()


def test_the_doctor_names_it_too(runs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (runs / "zzz" / "ledger.jsonl").symlink_to("ledger.jsonl")
    assert run(["doctor"], stderr=io.StringIO()) == 10
    assert f"{runs / 'zzz'}:" in capfd.readouterr().out
