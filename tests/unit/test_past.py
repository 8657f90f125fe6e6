"""Runs of before, as their folders tell them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandgate.errors import EnvironmentFault
from sandgate.ledger.book import NAME, Book
from sandgate.past import past_runs, tidy


def test_certificates_of_killed_runs_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    runs = tmp_path / ".sandgate" / "runs"
    for name in ("dead", "alive", "starting"):
        (runs / name).mkdir(parents=True)
        (runs / name / "ca.pem").touch()
        Book(runs / name / NAME).close()
    alive = Book(runs / "alive" / NAME)
    found = past_runs(tmp_path)
    starting = Book(runs / "starting" / NAME)
    tidy(found)
    assert {path.parent.name for path in runs.glob("*/ca.pem")} == {"alive", "starting"}
    alive.close()
    starting.close()
    shutil.rmtree(runs / "dead")
    tidy(found)
    assert not list(runs.glob("*/ca.pem"))


def test_a_run_whose_folder_cannot_be_looked_into_may_own_anything(tmp_path: Path) -> None:
    folder = tmp_path / ".sandgate" / "runs" / "a"
    folder.mkdir(parents=True)
    assert past_runs(tmp_path) == ()
    (folder / NAME).symlink_to(NAME)  # what root cannot look at either
    with pytest.raises(EnvironmentFault, match="not known") as caught:
        past_runs(tmp_path)
    assert caught.value.where == str(folder)
