"""The ledger on disk: one writer, who holds a lock for as long as it lives; lines that stay, whatever is killed.

The lock is the liveness of a run: the kernel gives it back when the process ends, however it ends, so that neither
clocks nor process numbers are asked.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandgate.core.log import AppendLog, cut_torn_line, read_log
from sandgate.errors import RunError
from sandgate.ledger.state import SCHEMA, State, fold, is_sound

if TYPE_CHECKING:
    import asyncio

    from sandgate.ledger.mirror import Mirror

__all__ = ["NAME", "Book", "is_held", "read_state"]

NAME = "ledger.jsonl"
_RESTORE = "restore it, or look for leftovers by prefix: `sandgate sweep --adopt-prefix`"
_PATIENCE = 0.5
"""Seconds for which a new writer waits for those who look whether there is one."""
_PAUSE = 0.01


def read_state(path: Path) -> State:
    """What a ledger says, read while somebody may be writing it.

    Raises:
        RunError: a line before the last is damaged, or it was written by a newer sandgate.
    """
    try:
        state = fold(read_log(path))
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    schema = state.header.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise RunError(
            f"the ledger has schema {schema}, and this sandgate knows up to {SCHEMA}",
            where=str(path),
            hint="use the sandgate that wrote it, or a newer one",
        )
    if not is_sound(state):
        raise _damaged(path)
    return state


def _damaged(path: Path, said: str = "") -> RunError:
    where = said.rpartition(": ")[0] if said.startswith(f"{path}:") else str(path)  # with the line where it is known
    return RunError("the ledger is damaged", where=where, hint=_RESTORE)


def _unreadable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"the ledger cannot be opened: {error.strerror or type(error).__name__}",
        where=str(path),
        hint="let its owner look, or make it readable and writable; what the run owns is not known until then",
    )


def is_held(path: Path) -> bool:
    """Whether a process writes this ledger now. Those who look do not see each other.

    Raises:
        RunError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    return False


def _take(descriptor: int, path: Path) -> None:
    """Lock it for writing; those who only look hold it for a moment, which is waited for.

    Raises:
        RunError: somebody has it for longer.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise RunError(
                    "this run is alive, or being swept: another process writes its ledger", where=str(path)
                ) from None
            time.sleep(_PAUSE)
        else:
            return


class Book:
    """The one writer.

    Args:
        path: of the ledger; made when it is missing. A torn last line, which nobody acted on, is taken away.

    Raises:
        RunError: another process writes it, or it cannot be opened or read.
    """

    def __init__(self, path: Path) -> None:
        self._durable = False
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            _take(self._fd, path)
            cut_torn_line(path)
            self.state = read_state(path)
            self._log = AppendLog(path)
        except OSError as error:
            os.close(self._fd)
            raise _unreadable(path, error) from error
        except BaseException:
            os.close(self._fd)  # and with it the lock: a ledger that nobody can read is not one that somebody writes
            raise
        self._written = 0
        self._synced = 0
        self._syncing: asyncio.Task[None] | None = None
        self._folder = path.parent
        self._path = path
        self._mirror: Mirror | None = None

    def begin(self, header: Mapping[str, Any], *, durable: bool) -> None:
        """Say whose ledger this is, unless it says so already.

        Args:
            header: run, tier, upstream, namespace.
            durable: whether a line must be on the disk itself before `sync` returns, since what it tells of outlives
                this machine's power.
        """
        self._durable = durable
        if not self.state.header:
            self.write("open", schema=SCHEMA, at=round(time.time(), 6), **header)
        if durable:
            os.fsync(self._fd)
            _sync_folder(self._folder)

    async def share(self, mirror: Mirror) -> None:
        """Write every line into the shared ledger as well, and take up what other machines have written about this run.

        Args:
            mirror: what writes there; it is let go when the ledger is.

        Raises:
            SandgateError: the run is another machine's now, or the shared ledger cannot be used.
        """
        for line in await mirror.open(list(read_log(self._path)), again=bool(self.state.header)):
            self.take_up(line)
        if not is_sound(self.state):
            raise _damaged(self._path)
        self._mirror = mirror

    async def unshare(self) -> None:
        """Write what the shared ledger lacks, and give the run back to whoever wants to sweep it."""
        mirror, self._mirror = self._mirror, None
        if mirror is not None:
            await mirror.close(nothing_left=not self.state.alive)

    @property
    def failed(self) -> str:
        """Why lines cannot be written any more; empty while they can."""
        return self._log.failed

    @property
    def unshared(self) -> str:
        """Why what was written is not in the shared ledger; empty while it is, and where there is none."""
        return self._mirror.refusal if self._mirror is not None else ""

    def write(self, kind: str, **fields: Any) -> bool:
        """Write one line and take it; false when it is not written."""
        return self.take_up({"ledger": kind, **fields})

    def take_up(self, line: Mapping[str, Any]) -> bool:
        """Write one line that was put together elsewhere, and take it; false when it is not written."""
        if not self._log.append(line):
            return False
        self._written += 1
        self.state.apply(line)
        if self._mirror is not None:
            self._mirror.add(line)
        return True

    async def sync(self) -> bool:
        """Wait until what was written is on the disk, and in the shared ledger where there is one.

        Those who wait at the same time share one flush.

        Returns:
            Whether it is.
        """
        import asyncio  # noqa: PLC0415 - who reads ledgers only does without

        wanted = self._written
        while self._durable and self._synced < wanted and not self.failed:
            if self._syncing is None or self._syncing.done():
                self._syncing = asyncio.create_task(self._flush())
            await asyncio.shield(self._syncing)
        return not self.failed and (self._mirror is None or await self._mirror.flush())

    async def _flush(self) -> None:
        import asyncio  # noqa: PLC0415 - likewise

        mark = self._written
        try:
            await asyncio.to_thread(os.fsync, self._fd)
        except OSError as error:
            self._log.failed = error.strerror or type(error).__name__
        self._synced = mark

    def close(self) -> None:
        """Let the ledger go."""
        self._log.close()
        os.close(self._fd)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
