"""What was begun with access keys, so that whoever is killed in the midst of it can go on: ids and times, no secret."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sandgate.core.log import AppendLog, cut_torn_line, read_log
from sandgate.errors import EnvironmentFault

__all__ = ["Record"]

_NAME = "identity.jsonl"
_STEPS = ("making", "made", "written")
_BEFORE, _AFTER = 60.0, 300.0
"""Seconds by which clocks differ, and within which a create that was sent has happened or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The record of one user's keys in a project.

    Args:
        root: the folder that holds `.sandgate`.
        user: ARN.
    """

    root: Path
    user: str

    @property
    def folder(self) -> Path:
        """Where the record is, which git ignores and nobody else may read."""
        return self.root / ".sandgate"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others of this project from working on identities meanwhile; whoever is killed lets go.

        Two at once would each make a key, and the one that stands in no env file would live on.

        Raises:
            EnvironmentFault: somebody else works on them, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415

        path = self.folder / "identity.lock"
        try:
            self._make_folder()
            lock = FileLock(path, timeout=0)
            lock.acquire()
        except Timeout:
            raise EnvironmentFault(
                "another `sandgate up`, `rotate` or `down` of this project is at work",
                where=str(path),
                hint="run it again when that one has ended",
            ) from None
        except OSError as error:
            raise EnvironmentFault(f"cannot be written: {error.strerror}", where=str(path)) from None
        try:
            yield
        finally:
            lock.release()

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")

    def write(self, event: str, **fields: object) -> None:
        """Write one line, durably.

        Args:
            event: `making` before a key is made, `made`, `written` to the env file, `disabled`, `deleted`.
            fields: ids and times.

        Raises:
            EnvironmentFault: it cannot be written.
        """
        path = self.folder / _NAME
        try:
            self._make_folder()
            cut_torn_line(path)
            log = AppendLog(path)
            done = log.append({"event": event, "user": self.user, "at": time.time(), **fields})
            os.fsync(log._fd)  # noqa: SLF001 - the log of a run needs no such promise
            log.close()
        except OSError as error:
            raise EnvironmentFault(f"cannot be written: {error.strerror}", where=str(path)) from None
        if not done:
            raise EnvironmentFault(f"cannot be written: {log.failed}", where=str(path))

    def events(self) -> tuple[Mapping[str, Any], ...]:
        """What is written about this user, oldest first.

        Raises:
            EnvironmentFault: the file is damaged.
        """
        path = self.folder / _NAME
        try:
            return tuple(event for event in read_log(path) if event.get("user") == self.user)
        except (OSError, ValueError) as error:
            raise EnvironmentFault(
                f"the record of access keys cannot be read: {error}", where=str(path), hint="move it away"
            ) from None

    def made(self) -> frozenset[str]:
        """Ids of keys that were made here."""
        return frozenset(event["id"] for event in self.events() if event["event"] == "made")

    def replaced_by(self, key: str) -> str:
        """The id of the key that one was made to replace; empty for none."""
        made = (event for event in self.events() if event["event"] == "made" and event["id"] == key)
        return next((str(event.get("replaces", "")) for event in made), "")

    def due(self) -> dict[str, float]:
        """Ids of keys that were disabled here, and from when on each may be deleted, in seconds since 1970."""
        found: dict[str, float] = {}
        for event in self.events():
            if event["event"] == "disabled":
                found[event["id"]] = float(event["delete_after"])
            elif event["event"] == "deleted":
                found.pop(event["id"], None)
        return found

    def lost(self, keys: Iterable[tuple[str, float]], kept: str) -> tuple[str, ...]:
        """Ids of keys that were made here and whose secret nobody has.

        Args:
            keys: id and time of creation of each that the user has.
            kept: the id in the env file.
        """
        created = dict(keys)
        events = [event for event in self.events() if event["event"] in _STEPS]
        made = {str(event["id"]) for event in events if event["event"] == "made"}
        written = {str(event["id"]) for event in events if event["event"] == "written"}
        found = [key for key in created if key in made - written]
        for event, following in zip_longest(events, events[1:], fillvalue={"event": "making"}):
            if event["event"] == "making" and following["event"] != "made":
                # Nothing says which key a create that was never answered has made, but when, and after which ones.
                since, known = float(event["at"]), {*event["known"], *made}
                found += [
                    key for key, at in created.items() if key not in known and since - _BEFORE <= at <= since + _AFTER
                ]
        return tuple(key for key in dict.fromkeys(found) if key != kept)
