"""Zips depend on nothing but their content."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from sandgate.errors import EnvironmentFault, StackError
from sandgate.stacks.archive import content_hash, write_zip


def files(root: Path, **texts: str) -> dict[str, Path]:
    root.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, text in texts.items():
        (root / name).write_text(text)
        found[name] = root / name
    return found


def test_same_content_gives_the_same_hash_and_bytes(tmp_path: Path) -> None:
    one = files(tmp_path / "one", a="1", b="2")
    two = dict(reversed(files(tmp_path / "two", a="1", b="2").items()))
    os.utime(tmp_path / "two" / "a", (1, 1))
    (tmp_path / "two" / "b").chmod(0o600)
    assert content_hash(one) == content_hash(two)
    zips = [write_zip(found, tmp_path / f"{n}.zip").read_bytes() for n, found in enumerate([one, two])]
    assert zips[0] == zips[1]


def test_name_content_and_executable_bit_all_count(tmp_path: Path) -> None:
    one = files(tmp_path / "one", a="1")
    hashes = {
        content_hash(one),
        content_hash({"b": one["a"]}),
        content_hash(files(tmp_path / "two", a="2")),
    }
    one["a"].chmod(0o755)
    assert len({*hashes, content_hash(one)}) == 4


def test_the_zip_holds_content_modes_and_one_time(tmp_path: Path) -> None:
    found = files(tmp_path / "one", run="#!/bin/sh\n", data="d")
    found["run"].chmod(0o700)
    with zipfile.ZipFile(write_zip(found, tmp_path / "x" / "out.zip")) as archive:
        assert archive.testzip() is None
        assert archive.read("run") == b"#!/bin/sh\n"
        infos = {info.filename: info for info in archive.infolist()}
    assert list(infos) == ["data", "run"]
    assert {name: info.external_attr >> 16 & 0o777 for name, info in infos.items()} == {"data": 0o644, "run": 0o755}
    assert {info.date_time for info in infos.values()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_existing_zip_is_taken_as_it_is(tmp_path: Path) -> None:
    found = files(tmp_path / "one", a="1")
    target = tmp_path / "out.zip"
    target.write_bytes(b"kept")
    assert write_zip(found, target).read_bytes() == b"kept"


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    found = files(tmp_path / "one", a="1")
    found["gone"] = tmp_path / "one" / "gone"
    with pytest.raises(StackError, match="cannot be read"):
        content_hash(found)
    with pytest.raises(StackError, match="cannot be read"):
        write_zip(found, tmp_path / "cache" / "out.zip")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_is_no_folder_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    found = files(tmp_path / "one", a="1")
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(EnvironmentFault, match="cache cannot be written"):
        write_zip(found, tmp_path / "cache" / "out.zip")
