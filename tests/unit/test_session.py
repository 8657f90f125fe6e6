"""Starting a gate: the pure parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.session import cache_directory


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", "home/.cache/sandgate"),
        ("cache", "project/cache"),
        ("../shared", "shared"),
        ("~/own", "home/own"),
    ],
)
def test_the_cache_is_at_the_same_place_from_every_folder(
    written: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, below = tmp_path / "home", tmp_path / "project" / "below"
    below.mkdir(parents=True)
    (tmp_path / "project" / "sandgate.toml").write_text(f'cache_dir = "{written}"\n')
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    found = cache_directory(load(cwd=below, environ={}, overrides={}))
    assert found.is_absolute()
    assert Path.resolve(found) == tmp_path / meant
