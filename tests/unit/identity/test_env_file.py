"""Env files that a key is written into: everything else in them survives, byte for byte."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from sandgate.errors import ConfigError
from sandgate.identity.env_file import (
    read_entries,
    remove_entries,
    unfit,
    with_entries,
    without_entries,
    write_entries,
)

KEY = {"AWS_ACCESS_KEY_ID": "AKIANEW", "AWS_SECRET_ACCESS_KEY": "a/b+c="}
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "AWS_ACCESS_KEY_ID=AKIANEW\nAWS_SECRET_ACCESS_KEY=a/b+c=\n"),
        ("A=1", "A=1\nAWS_ACCESS_KEY_ID=AKIANEW\nAWS_SECRET_ACCESS_KEY=a/b+c=\n"),
        (
            "# head\n\nexport AWS_ACCESS_KEY_ID = 'old one'  # mine\nB='x'\nAWS_SECRET_ACCESS_KEY=old # kept\nC='#'\n",
            "# head\n\nexport AWS_ACCESS_KEY_ID = AKIANEW  # mine\nB='x'\nAWS_SECRET_ACCESS_KEY=a/b+c= # kept\nC='#'\n",
        ),
        (
            "AWS_ACCESS_KEY_ID=one\r\nZ=9\r\nAWS_ACCESS_KEY_ID=two\r\nAWS_SECRET_ACCESS_KEY\r\n",
            "Z=9\r\nAWS_ACCESS_KEY_ID=AKIANEW\r\nAWS_SECRET_ACCESS_KEY=a/b+c=\r\n",
        ),
        ("AWS_ACCESS_KEY_ID=\n", "AWS_ACCESS_KEY_ID=AKIANEW\nAWS_SECRET_ACCESS_KEY=a/b+c=\n"),
        ("broken line !\nX=1\n", "broken line !\nX=1\nAWS_ACCESS_KEY_ID=AKIANEW\nAWS_SECRET_ACCESS_KEY=a/b+c=\n"),
    ],
)
def test_entries_are_set_in_their_place(before: str, after: str) -> None:
    assert with_entries(before, KEY) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A=1\n\nAWS_ACCESS_KEY_ID=x # ours\nB=2", "A=1\n\nB=2"),
        ("AWS_ACCESS_KEY_ID='a\nb'\nAWS_ACCESS_KEY_ID=c\n#\n", "#\n"),
        ("AWS_ACCESS_KEY_IDS=1\n", "AWS_ACCESS_KEY_IDS=1\n"),
    ],
)
def test_entries_go_and_leave_the_rest(before: str, after: str) -> None:
    assert without_entries(before, KEY) == after


@given(others=st.dictionaries(st.from_regex(r"[A-Z]{1,4}", fullmatch=True), VALUES, max_size=4), value=VALUES)
def test_what_is_written_is_read_back(others: dict[str, str], value: str) -> None:
    text = with_entries(with_entries("", others), {"OURS_": value})
    assert dotenv_values(stream=io.StringIO(text), interpolate=False) == {**others, "OURS_": value}
    assert without_entries(text, {"OURS_"}) == with_entries("", others)


def test_a_file_is_private_from_its_first_moment(tmp_path: Path) -> None:
    path, old = tmp_path / ".env", os.umask(0)
    try:
        write_entries(path, KEY)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_entries(path) == KEY


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to("real")
    write_entries(tmp_path / ".env", KEY)
    assert (tmp_path / ".env").is_symlink()
    assert read_entries(tmp_path / "real")["AWS_ACCESS_KEY_ID"] == "AKIANEW"


def test_who_is_killed_while_writing_leaves_no_secret_where_git_would_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scratch = tmp_path / ".env", tmp_path / ".sandgate"
    scratch.mkdir()
    (scratch / "..env.abcdefgh").write_text("a secret of one that was killed")
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _fd: seen.append([entry.name for entry in tmp_path.iterdir()]))
    write_entries(path, KEY, scratch=scratch)
    write_entries(path, {"A": "1"}, scratch=scratch)
    assert remove_entries(path, {"A"}, scratch=scratch)
    assert [sorted(names) for names in seen] == [[".sandgate"], [".env", ".sandgate"], [".env", ".sandgate"]]
    assert list(scratch.iterdir()) == []
    assert (read_entries(path), path.stat().st_mode & 0o777) == (KEY, 0o600)


def test_a_file_that_held_only_the_key_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    write_entries(path, KEY)
    assert remove_entries(path, KEY)
    assert not path.exists()
    assert not remove_entries(path, KEY)


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        write_entries(path, KEY)
    assert path.read_bytes() == b"\xff"


def test_where_a_secret_may_not_be(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert unfit(path) is None, "no repository"
    _git(tmp_path, "init", "-q")
    _says(path, "ignore", "git does not ignore")
    (tmp_path / ".gitignore").write_text("/.env\n")
    assert unfit(path) is None
    path.write_text("A=1\n")
    path.chmod(0o640)
    _says(path, "mode", "mode 0640")
    path.chmod(0o600)
    _git(tmp_path, "add", "-f", ".env")
    _says(path, "", "git tracks")
    _says(tmp_path / "none" / ".env", "", "folder")
    _says(tmp_path, "", "no file")
    (tmp_path / ".gitignore").write_text("/link\n")
    (tmp_path / "link").symlink_to(".env")
    _says(tmp_path / "link", "", "git tracks")
    (tmp_path / ".git" / "HEAD").unlink()
    _says(tmp_path / "new", "", "git does not say")


def _says(path: Path, mend: str, text: str) -> None:
    found = unfit(path)
    assert found is not None
    assert found.mend == mend
    assert text in found.message
    assert found.hint


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
