"""A reader sees the old file or the new one."""

from __future__ import annotations

import errno
import json
import stat
from pathlib import Path

import pytest

from sandgate.core.files import replace_json, replace_text


def test_the_file_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    replace_text(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        replace_text(path, "\ud800")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_another_folder_takes_the_text_until_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, scratch = tmp_path / "f", tmp_path / "scratch"
    scratch.mkdir()
    replace_text(path, "one", scratch=scratch)
    assert (path.read_text(), list(scratch.iterdir())) == ("one", [])
    rename = Path.replace

    def on_another_file_system(self: Path, target: Path) -> Path:
        if self.parent == scratch:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", on_another_file_system)
    replace_text(path, "two", scratch=scratch)
    assert (path.read_text(), list(scratch.iterdir())) == ("two", [])


def test_json_keeps_its_order(tmp_path: Path) -> None:
    replace_json(tmp_path / "f", {"b": 1, "a": 2})
    assert list(json.loads((tmp_path / "f").read_text())) == ["b", "a"]
