"""Which living run is meant: by id, by tier, by place, or the one started last."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandgate.control.living import choose, forget, living, project_folder, remember, run_folders
from sandgate.errors import EnvironmentFault, UsageError


@pytest.fixture
def begin(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Callable[[], None]]]:
    """Make a run directory whose gate answers, until what is returned is called."""
    sockets: list[socket.socket] = []

    def make(root: Path, run: str, tier: str = "emulated", *, detached: bool = True) -> Callable[[], None]:
        directory = root / ".sandgate" / "runs" / run
        directory.mkdir(parents=True)
        place = tmp_path_factory.mktemp("s") / "c"
        gate = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        gate.bind(str(place))
        gate.listen()
        sockets.append(gate)
        facts = {"run": run, "tier": tier, "gate": "http://127.0.0.1:1", "control": str(place)}
        (directory / "run.json").write_text(json.dumps(facts))
        if detached:
            (directory / "detached").touch()
            remember(root, run)
        return gate.close

    yield make
    for gate in sockets:
        gate.close()


def chosen(cwd: Path, run: str = "", tier: str = "", **environ: str) -> str:
    return choose(cwd=cwd, environ=environ, run=run, tier=tier).id


def refused(cwd: Path, run: str = "", tier: str = "", **environ: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        choose(cwd=cwd, environ=environ, run=run, tier=tier)
    return caught.value


def test_nothing_lives(tmp_path: Path) -> None:
    error = refused(tmp_path)
    assert error.message == "no gate lives here"
    assert error.where == str(tmp_path)
    assert error.hint == "start one with `sandgate start`"
    assert "`sandgate start --tier endpoints`" in refused(tmp_path, tier="endpoints").hint
    assert "'abc'" in refused(tmp_path, run="abc").message


def test_the_one_started_last(tmp_path: Path, begin: Callable[..., Callable[[], None]]) -> None:
    begin(tmp_path, "1")
    end = begin(tmp_path, "2", "endpoints")
    assert [run.id for run in living(tmp_path)] == ["1", "2"]
    assert chosen(tmp_path) == "2"
    assert (chosen(tmp_path, tier="emulated"), chosen(tmp_path, tier="endpoints")) == ("1", "2")
    assert (chosen(tmp_path, run="1"), chosen(tmp_path, run="2")) == ("1", "2")
    end()
    assert [run.id for run in living(tmp_path)] == ["1"]
    assert chosen(tmp_path) == "1"
    assert "1 (tier emulated)" in refused(tmp_path, run="2").hint
    assert "1 (tier emulated)" in refused(tmp_path, tier="endpoints").hint


def test_any_folder_below_the_project(tmp_path: Path, begin: Callable[..., Callable[[], None]]) -> None:
    begin(tmp_path, "1")
    below = tmp_path / "a" / "b c"
    below.mkdir(parents=True)
    assert chosen(below) == "1"
    begin(below, "2")
    assert (chosen(below), chosen(tmp_path)) == ("2", "1")


def test_from_elsewhere(
    tmp_path: Path, begin: Callable[..., Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    end = begin(tmp_path / "project", "1")
    directory = tmp_path / "project" / ".sandgate" / "runs" / "1"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert refused(elsewhere).message == "no gate lives here"
    assert chosen(elsewhere, run=str(directory)) == "1"
    monkeypatch.chdir(tmp_path)
    assert chosen(tmp_path, run=os.path.relpath(directory)) == "1"
    assert chosen(elsewhere, SANDGATE_RUN_DIR=str(directory)) == "1"
    end()
    assert "--clear" in refused(elsewhere, SANDGATE_RUN_DIR=str(directory)).hint


def test_a_shell_that_was_set_up_follows_a_new_start(tmp_path: Path, begin: Callable[..., Callable[[], None]]) -> None:
    begin(tmp_path, "1")
    mine = str(tmp_path / ".sandgate" / "runs" / "1")
    begin(tmp_path, "2")
    assert chosen(tmp_path, SANDGATE_RUN_DIR=mine) == "2"


def test_inside_a_command_it_is_that_commands_run(tmp_path: Path, begin: Callable[..., Callable[[], None]]) -> None:
    begin(tmp_path, "1")
    begin(tmp_path, "2", detached=False)
    assert chosen(tmp_path) == "1"
    mine = str(tmp_path / ".sandgate" / "runs" / "2")
    assert chosen(tmp_path, SANDGATE_RUN_DIR=mine) == "2"
    assert chosen(tmp_path, run="2") == "2"


def test_a_run_that_is_over_gives_its_place_to_one_that_lives(
    tmp_path: Path, begin: Callable[..., Callable[[], None]]
) -> None:
    end_first, end_second = begin(tmp_path, "1"), begin(tmp_path, "2")
    current = tmp_path / ".sandgate" / "current"
    end_second()
    forget(tmp_path, "2")
    assert current.read_text() == "1\n"
    forget(tmp_path, "unknown")
    assert current.read_text() == "1\n"
    end_first()
    forget(tmp_path, "1")
    assert not current.exists()
    forget(tmp_path, "1")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"control": 1}', '{"control": "/nowhere"}'])
def test_a_damaged_description_is_no_living_run(text: str, tmp_path: Path) -> None:
    directory = tmp_path / ".sandgate" / "runs" / "1"
    directory.mkdir(parents=True)
    (directory / "run.json").write_text(text)
    assert living(tmp_path) == ()


def test_an_alias_means_the_run_that_was_started_by_it(
    tmp_path: Path, begin: Callable[..., Callable[[], None]]
) -> None:
    for run, asked in {"r1": "sandbox", "r2": "integration", "r3": "sandbox"}.items():
        begin(tmp_path, run, "sandbox")
        (tmp_path / ".sandgate" / "runs" / run / "config.json").write_text(json.dumps({"asked_tier": asked}))
    found = [choose(cwd=tmp_path, environ={}, tier=name, stands_for="sandbox").id for name in ("integration", "it")]
    assert found == ["r2", "r3"]
    assert chosen(tmp_path, tier="sandbox") == "r3"
    assert "'dev'" in refused(tmp_path, tier="dev").message


@pytest.mark.parametrize("closed", [".sandgate", ".sandgate/runs", ".sandgate/runs/b/run.json"])
def test_what_cannot_be_looked_at_is_not_taken_to_be_empty(
    begin: Callable[..., Callable[[], None]], tmp_path: Path, closed: str
) -> None:
    """A link to itself is what cannot be looked at by root either."""
    folder = tmp_path / "project"
    begin(folder, "a")
    (folder / ".sandgate" / "runs" / "b").mkdir()
    place = folder / closed
    if place.exists():
        place.rename(tmp_path / "aside")
    place.symlink_to(place)
    with pytest.raises(EnvironmentFault, match="not known") as caught:
        choose(cwd=folder, environ={}, run="a")
    assert caught.value.where == str(place.parent if closed.endswith(".json") else folder / ".sandgate")
    forget(folder, "a")


def test_what_is_no_folder_has_no_runs(tmp_path: Path) -> None:
    (tmp_path / ".sandgate" / "runs" / "a").mkdir(parents=True)
    (tmp_path / ".sandgate" / "runs" / "notes.txt").touch()
    assert [folder.name for folder in run_folders(tmp_path)] == ["a"]
    inner = tmp_path / "inner"
    (inner / ".sandgate").mkdir(parents=True)
    (inner / ".sandgate" / "runs").touch()
    assert (project_folder(inner), run_folders(inner)) == (tmp_path, ())
