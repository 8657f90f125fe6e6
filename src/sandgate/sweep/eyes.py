"""What a sweep sees: listings of what a ledger names, one for each type, region and container, at the same time."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sandgate.ledger.entry import Entry
from sandgate.resources._model import resource_types
from sandgate.sweep.found import CannotListError, Found, born, detailed, list_all
from sandgate.sweep.plan import Group, Sight, group_of, key_text

__all__ = ["Clients", "Eyes"]

Clients = Callable[[str, str], Any]
"""Service and region to a boto3 client."""


class Eyes:
    """Lists.

    Args:
        clients: makes a client.
        careful: whether to ask when a resource was made, where listings do not tell and its name may be anybody's.
        tried: whether a removal of a resource was tried.
    """

    def __init__(self, clients: Clients, *, careful: bool, tried: Callable[[Entry], bool]) -> None:
        self._make_client = clients
        self._careful = careful
        self._tried = tried
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self.blind = False
        """Whether the last time nothing could be listed."""

    def look(
        self, pool: ThreadPoolExecutor, entries: Iterable[Entry], *, trusting: bool = False
    ) -> Mapping[Group, Sight]:
        """What listings show of these resources.

        Args:
            pool: carries the listings out.
            entries: of the ledger.
            trusting: whether to believe the ledger where a look before the removal would tell nothing needed.
        """
        wanted: dict[Group, list[Entry]] = {}
        for entry in entries:
            if entry.kind is not None:
                wanted.setdefault(group_of(entry), []).append(entry)
        read = partial(self._list, trusting=trusting)
        sights = dict(zip(wanted, pool.map(read, wanted, wanted.values()), strict=True))
        self.blind = bool(sights) and all(sight.failure for sight in sights.values())
        return sights

    def _list(self, group: Group, entries: Sequence[Entry], *, trusting: bool) -> Sight:
        kind = resource_types()[group[0]]
        only = entries[0]
        known = kind.look is not None and only.complete and only.claim == "made" and not only.anew
        if trusting and known and not self._tried(only):  # a look before the removal tells nothing needed
            return Sight(found={key_text(only.key): Found(key=only.key, name=only.name, seen=False)})
        client = self.client(kind.service, entries[0].region)
        container = json.loads(group[2]) or None
        keys = {key_text(entry.key) for entry in entries if entry.complete}
        names = any(not entry.complete for entry in entries)
        careful = self._careful or any(entry.anew for entry in entries)
        found = {}
        try:
            for one in list_all(client, kind, container):
                text = key_text(one.key)
                if names or text in keys:
                    found[text] = detailed(client, kind, one)
                    if careful and text in keys:
                        with contextlib.suppress(CannotListError):  # it may have gone in between
                            found[text] = born(client, kind, found[text])
        except CannotListError as error:
            return Sight(failure=str(error))
        return Sight(found=found)

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region; one for all threads."""
        made = self._clients.get((service, region))
        if made is not None:
            return made
        with self._lock:  # to make one is no work for two threads of a session
            if (service, region) not in self._clients:
                self._clients[service, region] = self._make_client(service, region)
            return self._clients[service, region]
