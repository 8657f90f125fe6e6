"""The record of keys: which were lost, and which are due."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sandgate.errors import EnvironmentFault
from sandgate.identity.record import Record

USER = "arn:aws:iam::111122223333:user/unit-tester"


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(root=tmp_path, user=USER)


def test_a_create_without_an_answer_is_found_by_its_time(record: Record) -> None:
    now = time.time()
    record.write("making", known=["OLD"])
    keys = [("OLD", now), ("LOST", now + 1), ("LATER", now + 3600), ("EARLIER", now - 3600)]
    assert record.lost(keys, "") == ("LOST",)
    assert record.lost(keys, "LOST") == (), "it is in the env file"


def test_an_answer_says_which_it_was(record: Record) -> None:
    now = time.time()
    record.write("making", known=[])
    record.write("made", id="MINE", replaces="")
    keys = [("MINE", now), ("A-COLLEAGUES", now)]
    assert record.lost(keys, "") == ("MINE",)
    record.write("written", id="MINE")
    assert record.lost(keys, "") == (), "somebody may have taken it from the file"


def test_two_interruptions_are_two_keys(record: Record) -> None:
    now = time.time()
    record.write("making", known=[])
    record.write("making", known=["ONE"])
    record.write("made", id="TWO", replaces="ONE")
    assert record.lost([("ONE", now), ("TWO", now)], "") == ("TWO", "ONE")
    assert record.replaced_by("TWO") == "ONE"
    assert record.replaced_by("ONE") == ""
    assert record.made() == {"TWO"}


def test_keys_are_due_until_they_are_deleted(record: Record) -> None:
    record.write("disabled", id="ONE", delete_after=5.0)
    record.write("disabled", id="TWO", delete_after=6.0)
    record.write("deleted", id="ONE")
    assert record.due() == {"TWO": 6.0}


def test_another_users_keys_are_none_of_its_business(record: Record, tmp_path: Path) -> None:
    record.write("made", id="ONE", replaces="")
    assert Record(root=tmp_path, user=USER + "-sqs").made() == frozenset()
    assert (tmp_path / ".sandgate" / ".gitignore").read_text() == "*\n"
    assert (tmp_path / ".sandgate" / "identity.jsonl").stat().st_mode & 0o077 == 0


def test_half_a_line_is_cut_and_a_damaged_one_is_told(record: Record, tmp_path: Path) -> None:
    path = tmp_path / ".sandgate" / "identity.jsonl"
    record.write("made", id="ONE", replaces="")
    with path.open("a") as file:
        file.write('{"event": "ma')
    assert record.made() == {"ONE"}
    record.write("made", id="TWO", replaces="")
    assert record.made() == {"ONE", "TWO"}
    path.write_text("no\n" + path.read_text())
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        record.events()
