"""Which container a call means that names only something in it: a client of a user pool, in place of the pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import NamedTuple

from sandgate.core.call import Call
from sandgate.core.paths import first
from sandgate.gate.probing import Prober
from sandgate.gate.seen import Seen
from sandgate.ledger.state import State
from sandgate.ledger.track import points
from sandgate.resources._model import Create, ResourceType, resource_types

__all__ = ["Pointing", "pointed_by"]


class _Place(NamedTuple):
    container: str
    region: str


def pointed_by(call: Call) -> dict[str, object]:
    """What a call names in place of a container, by its path in the request."""
    pointed = points(call)
    via = pointed[1].via if pointed else None
    return {via.path: first(call.parameters, via.path)} if via else {}


class Pointing:
    """Finds out the containers of what calls name: from what signed calls said, else by reads of the gate's own.

    Args:
        state: of the ledger, whose containers are asked first.
        seen: what signed calls of this run said.
        prober: asks whether something is in a container.
        region: the run's, where calls without a signature go.
    """

    def __init__(self, state: State, seen: Seen, prober: Prober, region: str) -> None:
        self._state = state
        self._seen = seen
        self._prober = prober
        self._region = region
        self._found: dict[str, _Place] = {}
        self._asking = asyncio.Lock()

    async def placed(self, call: Call) -> Call:
        """A call with the container that it means, and its region; as it is where nobody can tell."""
        pointed = points(call)
        if pointed is None:
            return call
        kind, create = pointed
        assert create.via is not None
        name = first(call.parameters, create.via.path)
        place = await self._place(kind, create, name, call.region or self._region) if isinstance(name, str) else None
        if place is None:
            return call
        (outer,) = kind.container
        return replace(call, region=place.region, parameters={**call.parameters, outer: place.container})

    async def _place(self, kind: ResourceType, create: Create, name: str, region: str) -> _Place | None:
        said = self._seen.container(name)
        if said is not None:
            return _Place(*said)
        async with self._asking:  # many users of one client ask once
            if name not in self._found:
                async for place in self._places(kind, region):
                    if await self._is_in(place, kind, create, name):
                        self._found[name] = place
                        break
            return self._found.get(name)

    async def _places(self, kind: ResourceType, region: str) -> AsyncIterator[_Place]:
        """Every container that there is, those that the ledger knows before the others."""
        (outer,) = kind.container
        known = [one for one in self._state.alive.values() if one.type == kind.within and one.complete]
        own = [_Place(str(one.key[outer]), one.region) for one in known]
        for place in own:
            yield place
        listing = resource_types()[kind.within].listing
        for container in await self._prober.listed(kind.service, listing, outer, region):
            if _Place(container, region) not in own:
                yield _Place(container, region)

    async def _is_in(self, place: _Place, kind: ResourceType, create: Create, name: str) -> bool:
        assert create.via is not None
        (outer,) = kind.container
        key = {outer: place.container, create.via.path: name}
        return await self._prober.exists(kind.service, create.via.probe, key, place.region) is True
