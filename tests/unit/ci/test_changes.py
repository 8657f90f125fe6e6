"""Which files an event changes, from a real repository."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sandgate.ci.changes import changed_by_git, compares
from sandgate.ci.event import Event

PUSH = Event(kind="push", name="push")


def git(folder: Path, *arguments: str) -> str:
    """Run git without anybody's settings."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str, str]:
    """Folder, a first commit, main that went on, and a topic that branched off at the first."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q", "-b", "main")
    for name in ("kept.py", "moved.py"):
        (folder / name).write_text(name * 20)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    first = git(folder, "rev-parse", "HEAD")
    (folder / "elsewhere.py").write_text("x")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "main goes on")
    main = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "-b", "topic", first)
    git(folder, "mv", "moved.py", "src name\nß.py")
    git(folder, "commit", "-qm", "topic")
    return folder, first, main, git(folder, "rev-parse", "HEAD")


def test_a_change_is_what_it_brings(history: tuple[Path, str, str, str]) -> None:
    folder, _, main, topic = history
    event = Event(kind="change", name="pull_request", base_commit=main, head_commit=topic)
    assert changed_by_git(event, folder) == ("moved.py", "src name\nß.py")


def test_a_push_is_what_differs(history: tuple[Path, str, str, str]) -> None:
    folder, first, main, _ = history
    assert changed_by_git(replace(PUSH, base_commit=first, head_commit=main), folder) == ("elsewhere.py",)


def test_names_count_from_the_repositorys_root(history: tuple[Path, str, str, str]) -> None:
    folder, first, main, _ = history
    (folder / "deep").mkdir(exist_ok=True)
    assert changed_by_git(replace(PUSH, base_commit=first, head_commit=main), folder / "deep") == ("elsewhere.py",)


@pytest.mark.parametrize(
    ("base", "head"),
    [("", "a" * 40), ("a" * 40, ""), ("a" * 40, "b" * 40), ("--output=x", "a" * 40), ("main", "topic")],
)
def test_nobody_can_tell(base: str, head: str, history: tuple[Path, str, str, str]) -> None:
    assert changed_by_git(replace(PUSH, base_commit=base, head_commit=head), history[0]) is None


def test_nor_outside_of_a_repository(tmp_path: Path) -> None:
    assert changed_by_git(replace(PUSH, base_commit="a" * 40, head_commit="b" * 40), tmp_path) is None


def test_a_schedule_changes_nothing() -> None:
    assert compares(PUSH)
    assert not compares(Event(kind="schedule", name="schedule"))
