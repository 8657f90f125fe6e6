"""What git says of a file, and what is said where there is no git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sandgate.core.git import ignore_line, ignored, tracked, tracked_files, unsure


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.secret\n")
    (tmp_path / "below").mkdir()
    for name in ("kept.txt", "below/also kept", "free.txt", "x.secret"):
        (tmp_path / name).touch()
    subprocess.run(["git", "-C", str(tmp_path), "add", "kept.txt", "below/also kept"], check=True)
    return tmp_path


@pytest.mark.needs("git")
def test_files_of_a_repository(repository: Path) -> None:
    names = ("kept.txt", "below/also kept", "free.txt", "x.secret", "not-there.secret", "not-there")
    seen = {name: (tracked(repository / name), ignored(repository / name)) for name in names}
    assert seen == {
        "kept.txt": (True, False),
        "below/also kept": (True, False),
        "free.txt": (False, False),
        "x.secret": (False, True),
        "not-there.secret": (False, True),
        "not-there": (False, False),
    }
    found = tracked_files(repository)
    assert found is not None
    assert sorted(found) == [repository / "below/also kept", repository / "kept.txt"]


@pytest.mark.needs("git")
def test_the_line_that_would_ignore_it_does(repository: Path) -> None:
    file, line = ignore_line(repository / "below" / ".env.sandbox")
    assert (file, line) == (repository / ".gitignore", "/below/.env.sandbox")
    file.write_text(f"{line}\n")
    assert ignored(repository / "below" / ".env.sandbox")


def test_without_a_repository_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (tracked(tmp_path / "x"), ignored(tmp_path / "x"), tracked_files(tmp_path)) == (None, None, None)
    assert ignore_line(tmp_path / "x") == (tmp_path / ".gitignore", "/x")
    assert unsure(tmp_path / "x") == ""
    monkeypatch.setenv("PATH", "")
    assert tracked(tmp_path / "x") is None
    (tmp_path / ".git").mkdir()
    assert unsure(tmp_path / "x") == "there is no git, or it does not answer"


@pytest.mark.needs("git")
def test_a_repository_of_which_git_tells_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unsure(repository / "below" / "x") == ""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert tracked(repository / "kept.txt") is None
    assert "dubious ownership" in unsure(repository / "below" / "x")
