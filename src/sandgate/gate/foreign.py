"""What a call makes inside of something that the run did not make: its key, and whether it was there before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from sandgate.core.call import Call
from sandgate.gate.probing import Presence, Prober
from sandgate.ledger.answers import unsaid
from sandgate.ledger.entry import Identity, identity_of
from sandgate.ledger.state import State
from sandgate.ledger.track import Made
from sandgate.resources._model import Key, ResourceType, Survey, resource_types

__all__ = ["Foreign", "Inner", "changes_survey", "container_of", "writes_over"]

_WRITES_OVER = ("Put", "Copy", "Complete", "Post", "Update", "Batch", "Transact", "Delete")
"""How operations begin that take the place of what is there; others fail then, or leave it as it is."""


class Inner(NamedTuple):
    """One thing that a call makes in a container of somebody else's."""

    kind: ResourceType
    made: Made
    existed: Presence
    named: bool = True
    """Whether its key could be told at all."""


def container_of(kind: ResourceType, key: Key) -> dict[str, Any]:
    """The key of the container that something is in, as far as it is known."""
    return {outer: key[inner] for outer, inner in kind.container.items() if inner in key}


def writes_over(operation: str) -> bool:
    """Whether a call takes the place of what is there already."""
    return operation.startswith(_WRITES_OVER)


class Foreign:
    """Looks into containers that the run did not make.

    Args:
        state: of the ledger.
        prober: asks whether something is there.
        namespace: the run's; what carries it was not there before.
    """

    def __init__(self, state: State, prober: Prober, namespace: str) -> None:
        self._namespace = namespace
        self._state = state
        self._prober = prober
        self._surveys: dict[Identity, Any] = {}
        """What surveys have shown of containers."""
        self._asking = asyncio.Lock()

    async def inner(self, kind: ResourceType, made: Made, region: str) -> Inner | None:
        """What the ledger must know of something that a call makes in a container; None where that makes nothing.

        Args:
            kind: its type.
            made: what the request says of it.
            region: of the call.
        """
        create = made.create
        assert create is not None
        survey = kind.survey if create.surveyed else None
        shown = await self._shown(kind, survey, made.key, region)
        if create.only and shown is not None and shown not in create.only:
            return None
        key = self._key(kind, survey, made, shown)
        if key is None:
            return Inner(kind, made, existed=False, named=False)
        if survey is not None and shown in survey.new:
            return Inner(kind, replace(made, key=key), existed=False)
        if survey is not None and shown is None:
            return Inner(kind, replace(made, key=key), existed="unknown")
        key = {**key, **unsaid(create.ids)}
        if self._state.holds(kind.name, region, key):
            return Inner(kind, replace(made, key=key), existed=False)
        return Inner(kind, replace(made, key=key), await self._existed(kind, made, key, region))

    async def _existed(self, kind: ResourceType, made: Made, key: Key, region: str) -> Presence:
        assert made.create is not None
        if made.create.repeats:
            names = (*made.key.values(), *made.told.values())
            return False if any(self._namespace in str(name) for name in names) else "unknown"
        if made.create.probe is not None:
            return await self._prober.exists(kind.service, made.create.probe, key, region)
        look = kind.look
        if look is not None and writes_over(made.create.operation) and set(look.within.values()) <= set(key):
            return await self._prober.look(kind.service, look, key, region)
        return False

    @staticmethod
    def _key(kind: ResourceType, survey: Survey | None, made: Made, shown: Any) -> Key | None:
        if survey is not None and survey.key is not None:
            key = survey.key(made.key, shown) if shown is not None else None
            if key is None:
                return None
        else:
            key = made.key
        return kind.plain(key) if kind.plain else key

    async def _shown(self, kind: ResourceType, survey: Survey | None, key: Key, region: str) -> Any:
        if survey is None or not set(survey.parameters.values()) <= set(key):
            return None
        place = identity_of(kind.within, region, container_of(kind, key))
        if place not in self._surveys:
            async with self._asking:  # what a batch makes in one container asks once
                shown = self._surveys.get(place) or await self._prober.survey(kind.service, survey, key, region)
            if shown is None:
                return None
            self._surveys[place] = shown
        return self._surveys[place]

    def forget(self) -> None:
        """Ask anew: a call has changed what surveys show."""
        self._surveys.clear()


@cache
def _changing() -> frozenset[tuple[str, str]]:
    kinds = resource_types().values()
    return frozenset((kind.service, name) for kind in kinds if kind.survey for name in kind.survey.changed_by)


def changes_survey(call: Call) -> bool:
    """Whether a call changes what a survey shows."""
    return (call.service, call.operation) in _changing()
