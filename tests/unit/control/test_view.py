"""The run directory as an isolated command sees it, and what comes back from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandgate.control.elsewhere import Sighting, seen, tell
from sandgate.control.view import make_view, take_back
from sandgate.stacks.kept import remember, remembered


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Of a run, with more than a child needs."""
    made = tmp_path / "run"
    made.mkdir()
    data = {"run": "r", "pid": 7, "control": "/t/control.sock", "work_dir": "/t", "cache_dir": "/people/ann/.cache"}
    (made / "run.json").write_text(json.dumps(data))
    for name in ("config.json", "namespace", "events.jsonl", "gate.log"):
        (made / name).write_text(name)
    return made


def test_it_holds_what_joining_needs(directory: Path, tmp_path: Path) -> None:
    make_view(directory, tmp_path / "view", Path("/people/ann/c"))
    assert {path.name for path in (tmp_path / "view").iterdir()} == {
        "run.json",
        "config.json",
        "namespace",
        "empty",
        "events.jsonl",
    }
    text = (tmp_path / "view" / "run.json").read_text()
    assert json.loads(text)["inlet"] == "/run/sandgate/ports.sock"
    assert "/t" not in text
    assert (tmp_path / "view" / "events.jsonl").read_text() == ""


def test_it_holds_what_leads_through_the_proxy(directory: Path, tmp_path: Path) -> None:
    there = {"ca.pem", "ca-bundle.pem", "ca-bundle.p12", "main-0.sandgate.vmoptions"}
    for name in there:
        (directory / name).touch(mode=0o600)
    make_view(directory, tmp_path / "view", Path("/c"))
    found = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "view").iterdir() if path.name in there}
    assert found == dict.fromkeys(there, 0o600)


def test_stacks_and_uploads_come_back(directory: Path, tmp_path: Path) -> None:
    view = tmp_path / "view"
    make_view(directory, view, Path("/c"))
    remember(view, "first")
    remember(view, "second")
    (view / "artifacts").touch()
    take_back(view, directory)
    assert set(remembered(directory)) == {"first", "second"}
    assert (directory / "artifacts").exists()


def test_what_it_tried_to_reach_comes_back(directory: Path, tmp_path: Path) -> None:
    view = tmp_path / "view"
    make_view(directory, view, Path("/c"))
    there = Sighting(host="127.0.0.1:8000", by="Node.js", service="dynamodb")
    tell(view, [there])
    take_back(view, directory)
    assert seen(directory) == (there,)


def test_nothing_that_did_not_happen_comes_back(directory: Path, tmp_path: Path) -> None:
    make_view(directory, tmp_path / "view", Path("/c"))
    take_back(tmp_path / "view", directory)
    assert remembered(directory) == ()
    assert not (directory / "artifacts").exists()


def test_links_mislead_nobody(directory: Path, tmp_path: Path) -> None:
    view = tmp_path / "view"
    make_view(directory, view, Path("/c"))
    (view / "stacks").mkdir()
    (view / "stacks" / "x.stack").symlink_to("/nowhere")
    victim = tmp_path / "victim"
    victim.write_text("whole")
    (view / "artifacts").symlink_to(victim)
    take_back(view, directory)
    assert remembered(directory) == ("x",)
    assert not (directory / "stacks" / "x.stack").is_symlink()
    assert victim.read_text() == "whole"
