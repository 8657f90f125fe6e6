"""The ledger on disk: one writer, no torn lines, and nothing is promised before the disk has it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sandgate.errors import RunError
from sandgate.ledger.book import Book, is_held, read_state

INTENT = {"id": "1", "at": 1.0, "type": "dynamodb-table", "key": {"TableName": "t"}, "region": "r"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a ledger that nobody has written yet."""
    return tmp_path / "ledger.jsonl"


def _size(path: Path) -> int:
    return path.stat().st_size


class Disk:
    """Notes what is flushed when; the first flush can be held back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.flushed: list[tuple[bool, int]] = []
        """Of each flush: whether it was the folder's, and how long the file was when it began."""
        self.release = threading.Event()
        self.release.set()
        self.error = 0
        self.begun = 0
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        folder, size = stat.S_ISDIR(status.st_mode), status.st_size
        self.begun += 1
        self.release.wait(60)
        if self.error:
            raise OSError(self.error, "no")
        self.flushed.append((folder, size))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A recorder in place of fsync."""
    return Disk(monkeypatch)


def test_a_ledger_says_whose_it_is_once(path: Path) -> None:
    for _ in range(2):
        book = Book(path)
        book.begin({"run": "r1", "namespace": "n"}, durable=False)
        book.close()
    (line,) = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert (line["ledger"], line["run"], line["schema"]) == ("open", "r1", 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_writes_and_the_next_waits_for_its_end(path: Path) -> None:
    assert not is_held(path)
    book = Book(path)
    assert is_held(path)
    with pytest.raises(RunError, match="another process writes its ledger"):
        Book(path)
    assert is_held(path), "who was refused has not taken the lock away"
    book.close()
    assert not is_held(path)
    Book(path).close()


def test_those_who_look_do_not_see_each_other(path: Path) -> None:
    Book(path).close()
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not is_held(path)


def test_a_writer_waits_for_those_who_look(path: Path) -> None:
    Book(path).close()
    looking = path.open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    timer = threading.Timer(0.1, looking.close)
    timer.start()
    Book(path).close()
    timer.join()
    with path.open() as longer:
        fcntl.flock(longer, fcntl.LOCK_SH)
        with pytest.raises(RunError, match="another process"):
            Book(path)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EROFS, errno.EIO])
def test_a_ledger_that_cannot_be_opened(path: Path, error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_about: object, **_more: object) -> int:
        raise OSError(error, os.strerror(error))

    Book(path).close()
    monkeypatch.setattr(os, "open", refuse)
    for attempt in (is_held, Book):
        with pytest.raises(RunError, match=re.escape(os.strerror(error))):
            attempt(path)


def test_a_disk_that_cannot_be_written_can_be_looked_at(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book, really = Book(path), os.open

    def read_only(name: Path, flags: int, *more: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return really(name, flags, *more)

    monkeypatch.setattr(os, "open", read_only)
    assert is_held(path)
    book.close()
    assert not is_held(path)


def test_a_killed_writer_lets_go(path: Path) -> None:
    text = "import sys\nfrom pathlib import Path\nfrom sandgate.ledger.book import Book\n"
    text += "book = Book(Path(sys.argv[1]))\nprint('has it', flush=True)\nsys.stdin.read()\n"
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "has it\n"
    assert is_held(path)
    process.kill()
    process.communicate()
    assert not is_held(path)


def test_a_torn_line_is_passed_over_and_cut_off(path: Path) -> None:
    book = Book(path)
    assert book.write("intent", **INTENT)
    book.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    assert len(read_state(path).alive) == 1
    book = Book(path)
    assert path.read_bytes() == whole
    assert book.write("made", id="1")
    book.close()
    assert next(iter(read_state(path).alive.values())).claim == "made"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"ledger":"int\n{"ledger":"made","id":"1"}\n', "damaged"),
        ('{"ledger":"intent","id":"1"}\n', "damaged"),
        ('{"ledger":"open","schema":2}\n', "schema 2"),
        ('{"ledger":"open","schema":"x"}\n', "schema x"),
    ],
)
def test_what_cannot_be_read_is_not_nothing(path: Path, text: str, said: str) -> None:
    path.write_text(text, encoding="ascii")
    with pytest.raises(RunError, match=said):
        read_state(path)
    with pytest.raises(RunError, match=said):
        Book(path)
    assert path.read_text(encoding="ascii") == text
    assert not is_held(path)


def test_a_promise_is_on_the_disk(path: Path, disk: Disk) -> None:
    """Whoever waits for a line returns after a flush that began when the line was written."""

    async def main() -> None:
        book = Book(path)
        book.begin({}, durable=True)
        assert [folder for folder, _ in disk.flushed] == [False, True], "the file, and that it is there"
        assert book.write("intent", **INTENT)
        length = _size(path)
        assert await book.sync()
        assert disk.flushed[-1] == (False, length)
        count = len(disk.flushed)
        assert await book.sync()
        assert len(disk.flushed) == count, "nothing new, nothing to flush"
        book.close()

    asyncio.run(main())


def test_those_who_wait_share_a_flush_but_never_an_older_one(path: Path, disk: Disk) -> None:
    async def main() -> None:
        book = Book(path)
        book.begin({}, durable=True)
        disk.flushed.clear()
        disk.release.clear()
        book.write("intent", **INTENT)
        begun = disk.begun
        first = asyncio.create_task(book.sync())
        while disk.begun == begun:  # noqa: ASYNC110 - in a thread; what has begun knows nothing of what follows
            await asyncio.sleep(0.001)
        book.write("intent", **{**INTENT, "id": "2"})
        book.write("intent", **{**INTENT, "id": "3"})
        length = _size(path)
        others = [asyncio.create_task(book.sync()) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert not first.done()
        disk.release.set()
        assert await asyncio.gather(first, *others) == [True] * 6
        assert len(disk.flushed) == 2
        assert disk.flushed[-1] == (False, length)
        book.close()

    asyncio.run(main())


def test_what_ends_with_the_gate_is_not_flushed(path: Path, disk: Disk) -> None:
    async def main() -> None:
        book = Book(path)
        book.begin({}, durable=False)
        book.write("intent", **INTENT)
        assert await book.sync()
        assert disk.flushed == []
        book.close()

    asyncio.run(main())


def test_a_disk_that_does_not_take_it_makes_no_promise(path: Path, disk: Disk) -> None:
    async def main() -> tuple[bool, bool, str]:
        book = Book(path)
        book.begin({}, durable=True)
        book.write("intent", **INTENT)
        disk.error = 5
        synced = await book.sync()
        written = book.write("intent", **{**INTENT, "id": "2"})
        failed = book.failed
        book.close()
        return synced, written, failed

    assert asyncio.run(main()) == (False, False, "no")


def test_a_line_that_is_not_written_is_not_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:5]))
    assert not book.write("intent", **INTENT)
    monkeypatch.undo()
    assert not book.state.alive
    assert not book.write("intent", **INTENT), "a ledger with a hole takes no more"
    book.close()
    assert not read_state(path).alive


def test_a_reader_looks_while_somebody_writes(path: Path) -> None:
    book = Book(path)
    seen: list[Any] = []
    for number in range(3):
        book.write("intent", **{**INTENT, "id": str(number), "key": {"TableName": f"t{number}"}})
        seen.append(len(read_state(path).alive))
    book.close()
    assert seen == [1, 2, 3]
