"""The event log survives crashes, and says when it has a hole."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sandgate.core.log import AppendLog, read_log


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "events.jsonl")
    events: list[dict[str, object]] = [{"event": "call", "n": 1}, {"event": "done", "text": "ü\n\u2028"}]
    assert [log.append(event) for event in events] == [True, True]
    log.close()
    assert list(read_log(tmp_path / "events.jsonl")) == events


def test_it_can_be_read_from_where_it_ended_before(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "events.jsonl")
    log.append({"n": 1})
    middle = log.size
    log.append({"n": 2})
    assert [event["n"] for event in read_log(tmp_path / "events.jsonl", start=middle)] == [2]
    assert list(read_log(tmp_path / "events.jsonl", start=log.size)) == []
    log.close()


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    AppendLog(tmp_path / "log").close()
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_a_missing_log_is_empty(tmp_path: Path) -> None:
    assert list(read_log(tmp_path / "none")) == []


@pytest.mark.parametrize("torn", ['{"a"', '{"a":1', "{"])
def test_a_torn_last_line_is_skipped(torn: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"a":0}\n' + torn)
    assert list(read_log(tmp_path / "log")) == [{"a": 0}]


def test_damage_before_the_end_is_loud(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"a":0}\n{"b"\n{"c":0}\n')
    with pytest.raises(ValueError, match="log:2: damaged"):
        list(read_log(tmp_path / "log"))


@pytest.mark.parametrize("line", ["null", "0", "[]", '"text"', '[{"a":0}]'])
def test_a_line_that_is_no_object_is_damage(line: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f'{{"a":0}}\n{line}\n')
    with pytest.raises(ValueError, match="log:2: damaged"):
        list(read_log(tmp_path / "log"))
    (tmp_path / "log").write_text(f'{{"a":0}}\n{line}')  # torn
    assert list(read_log(tmp_path / "log")) == [{"a": 0}]


def test_a_log_with_a_hole_takes_nothing_more(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "log")
    os.close(log._fd)
    assert not log.append({"a": 1})
    assert log.failed == "Bad file descriptor"
    assert not log.append({"a": 2})
    assert (tmp_path / "log").read_text() == ""


LIMITED = """
import resource, sys
from pathlib import Path
from sandgate.core.log import AppendLog
log = AppendLog(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
print(log.append({"text": "x" * 40}), log.failed)
"""


def test_a_full_disk_is_noticed(tmp_path: Path) -> None:
    """A limit on file sizes cuts a write short, as a full disk does."""
    command = [sys.executable, "-B", "-c", LIMITED, str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False no space left on device"
    assert list(read_log(tmp_path / "log")) == []
