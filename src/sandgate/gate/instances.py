"""The emulators that a run talks to, as its ledger knows them: whether each is still the one of before.

Looked at when the ledger is opened, before a sweep, and before and after a call that makes something, unless
connections have lasted since the last time: a server that ends takes its connections with it.
"""

from __future__ import annotations

import time

from sandgate.gate.recorder import Recorder
from sandgate.gate.upstream import Pool
from sandgate.ledger.book import Book
from sandgate.tiers._instance import is_another, is_silent
from sandgate.tiers._model import Upstream

__all__ = ["Instances"]


class Instances:
    """Writes down which emulators there are.

    Args:
        book: the ledger.
        upstream: names them.
        pool: tells where it had to connect anew.
        recorder: is told of those that were started anew.
    """

    def __init__(self, book: Book, upstream: Upstream, pool: Pool, recorder: Recorder) -> None:
        self._book = book
        self._upstream = upstream
        self._pool = pool
        self._recorder = recorder

    def notice(self, *, anyway: bool = False) -> None:
        """Write a line into the ledger where something else is there now.

        Args:
            anyway: whether to look also if connections to all of them have lasted.
        """
        if self._pool.unbroken and not anyway:
            return
        self._pool.fresh.clear()
        known = self._book.state.upstream
        now = {
            service: place
            for service, place in self._upstream.instances().items()
            if place != known.get(service) and not is_silent(place["instance"])
        }
        if not now:
            return
        anew = sorted(
            service
            for service, place in now.items()
            if service in known and is_another(known[service]["instance"], place["instance"])
        )
        self._book.write("upstream", at=round(time.time(), 6), services=now)
        if anew:
            self._recorder.note({"event": "upstream", "anew": anew})
