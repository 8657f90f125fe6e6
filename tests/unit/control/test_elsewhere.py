"""What processes of a run have seen of other targets: written by anybody, read as if by a stranger."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sandgate.control.elsewhere import NODE_PRELOAD, Sighting, seen, tell

HERE = Sighting(host="127.0.0.1:8000", by="Node.js", service="dynamodb")
THERE = Sighting(host="minio:9000", by="botocore")


def test_what_was_told_is_seen_once_and_in_order(tmp_path: Path) -> None:
    tell(tmp_path, [THERE, HERE])
    tell(tmp_path, [HERE])
    assert seen(tmp_path) == (THERE, HERE)
    assert (tmp_path / "elsewhere.jsonl").stat().st_mode & 0o777 == 0o600


def test_nothing_told_writes_nothing(tmp_path: Path) -> None:
    tell(tmp_path, [])
    assert (seen(tmp_path), list(tmp_path.iterdir())) == ((), [])


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"host": "a:1", "by": "x"}',
        '{"host": 1, "by": "x", "service": ""}',
        json.dumps({"host": "a:1\x1b[2J", "by": "x", "service": ""}),
        json.dumps({"host": "a:1", "by": "x", "service": "green (all is well)"}),
    ],
)
def test_a_line_of_another_form_is_left_out(line: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jsonl").write_text(f"{line}\n")
    tell(tmp_path, [HERE])
    assert seen(tmp_path) == (HERE,)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    tell(other, [HERE])
    (tmp_path / "elsewhere.jsonl").symlink_to(other / "elsewhere.jsonl")
    assert seen(tmp_path) == ()
    (tmp_path / "elsewhere.jsonl").unlink()
    os.mkfifo(tmp_path / "elsewhere.jsonl")
    assert seen(tmp_path) == ()


def test_the_preload_is_shipped() -> None:
    assert NODE_PRELOAD.is_file()
