"""The gate's way to the shared ledger: lines wait together, go out together, and the lease is kept meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandgate.core.table import TableError
from sandgate.ledger.lease import RENEW
from sandgate.ledger.pages import Page, missing, paged, text_of
from sandgate.ledger.shared import LostLeaseError, SharedRun, lines_of

__all__ = ["Mirror"]

_log = logging.getLogger("sandgate.ledger")
_SOON = 1.0
"""Seconds that outcomes may wait for company; nobody waits for them."""


class Mirror:
    """What one gate writes into the table.

    Args:
        shared: the run there.
    """

    def __init__(self, shared: SharedRun) -> None:
        self._shared = shared
        self._waiting: list[str] = []
        self._page: Page | None = None
        """Under way, perhaps already there: nothing else goes out before this has."""
        self._added = 0
        self._stored = 0
        self._next = 0
        """Number of the next line in the run."""
        self._writing: asyncio.Task[bool] | None = None
        self._lock = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._lost = ""
        self._trouble = ""

    @property
    def refusal(self) -> str:
        """Why what was written is not in the table; empty while it is."""
        return self._lost or self._trouble

    async def open(self, lines: Sequence[Mapping[str, Any]], *, again: bool) -> list[Mapping[str, Any]]:
        """Take the lease, and learn what each side has that the other has not.

        Args:
            lines: of the file on this machine; what the table lacks of them goes out with the next flush.
            again: whether the run had a gate before.

        Returns:
            Lines that only the table has: those of sweeps on other machines.

        Raises:
            SandgateError: the run is another machine's, or the table cannot be used.
        """
        await asyncio.to_thread(self._shared.take, sweeping=again)
        stored = await asyncio.to_thread(lines_of, self._shared.table, self._shared.run) if again else ()
        self._next = len(stored)
        own = [text_of(line) for line in lines]
        for line in missing(own, stored):
            self._add(line)
        self._keeping = asyncio.create_task(self._keep())
        return [json.loads(line) for line in missing(stored, own)]

    def add(self, line: Mapping[str, Any]) -> None:
        """Take a line that is in the file."""
        self._add(text_of(line))

    def _add(self, line: str) -> None:
        self._waiting.append(line)
        self._added += 1
        self._wake.set()

    async def flush(self) -> bool:
        """Wait until all that was added is in the table; those who wait at the same time share one request.

        Returns:
            Whether it is.
        """
        wanted = self._added
        while self._stored < wanted and not self._lost:
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write())
            if not await asyncio.shield(self._writing):
                return False
        return not self._lost

    async def _write(self) -> bool:
        """One page."""
        if self._page is None:
            self._page = next(paged(self._shared.run, self._next, self._waiting, self._shared.owner))
            del self._waiting[: len(self._page.lines)]
        page = self._page
        if not await self._asked(lambda: self._shared.append(page)):
            return False
        self._next += len(page.lines)
        self._stored += len(page.lines)
        self._page = None
        return True

    async def _asked(self, ask: Callable[[], None]) -> bool:
        """One request at a time; whether it was granted."""
        try:
            async with self._lock:
                await asyncio.to_thread(ask)
        except LostLeaseError:
            self._lost = f"the run {self._shared.run} has been taken over by another machine, which sweeps it"
            _log.error("shared ledger: %s", self._lost)
            return False
        except TableError as error:
            self._trouble = f"the table {self._shared.table.name!r} of the shared ledger: {error}"
            _log.warning("shared ledger: %s", error)
            return False
        self._trouble = ""
        return True

    async def _keep(self) -> None:
        """Write what nobody waits for, and renew the lease when nothing has been written for so long."""
        while not self._lost:
            try:
                await asyncio.wait_for(self._wake.wait(), RENEW)
            except TimeoutError:
                idle = True
            else:
                idle = False
            self._wake.clear()
            if self._stored < self._added:
                await asyncio.sleep(_SOON)
                await self.flush()
            elif idle:  # else somebody has waited for what was added, and its page has renewed the lease
                await self._asked(self._shared.renew)

    async def close(self, *, nothing_left: bool) -> None:
        """Write what is left to write, and give the lease back.

        Args:
            nothing_left: whether the run owns nothing any more.
        """
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if await self.flush():
            await self._asked(self._shared.end if nothing_left else self._shared.release)
