"""What a run owns because a stack of its own holds it, and what it lies in that the run does not own."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from sandgate.core.call import Call
from sandgate.core.paths import first
from sandgate.gate.asking import Asking, StackMember
from sandgate.ledger.book import Book
from sandgate.ledger.entry import Identity, identity_of
from sandgate.resources._model import Key, ResourceType, resource_types

__all__ = ["STACK", "Members", "key_of_member", "now"]

STACK = "cloudformation-stack"
_LETS_GO = frozenset({"ContinueUpdateRollback", "DeleteStack", "ExecuteChangeSet", "RollbackStack", "UpdateStack"})
"""After these a stack may have let go of members that still exist."""
_GAINS = frozenset({"CreateStack", "ContinueUpdateRollback", "ExecuteChangeSet", "RollbackStack", "UpdateStack"})
"""After these a stack may hold what it did not hold before."""


class Members:
    """Knows what the stacks of a run hold.

    Args:
        book: the ledger.
        asking: reads of the gate's own.
        namespace: the run's.
    """

    def __init__(self, book: Book, asking: Asking, namespace: str) -> None:
        self._book = book
        self._namespace = namespace
        self._asking = asking
        self._deployed = 0
        """How often a stack may have come to hold more."""
        self._foreign: dict[Identity, int] = {}
        """Containers that no stack of the run held, and `_deployed` at that time."""

    def concerns(self, call: Call) -> bool:
        """Whether a call changes what a stack holds."""
        return call.service == "cloudformation" and (call.operation in _LETS_GO or call.operation in _GAINS)

    async def before(self, call: Call) -> bool:
        """Adopt the members of a stack of this run, before it may let go of them; whether there are new ones."""
        name = call.parameters.get("StackName")
        if call.operation in _LETS_GO and isinstance(name, str):
            short = name.split("/")[1] if name.startswith("arn:") and "/" in name else name
            if self._book.state.holds(STACK, call.region, {"StackName": short}):
                return await self._adopt(short, call.region)
        return False

    def after(self, call: Call) -> None:
        """Take note that a stack may hold more now."""
        if call.operation in _GAINS:
            self._deployed += 1

    async def owns(self, type_: str, key: Key, region: str) -> bool:
        """Whether a container is the run's own, by its ledger or as a member of a stack: what is in it goes with it.

        Args:
            type_: name of the container's type.
            key: the container's.
            region: of the call.
        """
        state = self._book.state
        if state.holds(type_, region, key) or any(self._namespace in str(value) for value in key.values()):
            return True  # nobody else has the run's random name in a name
        identity = identity_of(type_, region, key)
        if self._foreign.get(identity) == self._deployed:
            return False
        asked = self._deployed
        stacks = [
            (str(one.key.get("StackName")), one.region)
            for one in state.alive.values()
            if one.type == STACK and not state.may_be_anothers(one)
        ]
        for stack, place in stacks:
            if place == region or identity[1] == "":
                await self._adopt(stack, place)
        if state.holds(type_, region, key):
            return True
        self._foreign[identity] = asked
        return False

    async def _adopt(self, stack: str, region: str) -> bool:
        wrote = False
        for type_, key, physical in _keys_of(await self._asking.members(stack, region) or ()):
            if not self._book.state.holds(type_, region, key):
                wrote = self._book.write(
                    "adopted", id=f"stack {stack}", at=now(), type=type_, key=key, region=region, stack=stack,
                    why=f"was {physical} in the stack {stack}",
                )  # fmt: skip
        return wrote


@cache
def _by_type() -> Mapping[str, tuple[ResourceType, ...]]:
    found: dict[str, tuple[ResourceType, ...]] = defaultdict(tuple)
    for kind in resource_types().values():
        if not kind.within:
            found[kind.type] = (*found[kind.type], kind)
    return found


def _keys_of(members: tuple[StackMember, ...]) -> Iterator[tuple[str, Key, str]]:
    for member in members:
        for kind in _by_type().get(member.type, ()):
            key = key_of_member(kind, member.physical_id)
            if key is not None:
                yield kind.name, key, member.physical_id


def key_of_member(kind: ResourceType, physical: str) -> Mapping[str, str] | None:
    """The key of a stack's member, from its physical id; None where that does not tell."""
    paths = kind.physical or ({kind.key[0]: "@"} if len(kind.key) == 1 else {})
    found = {member: first(physical, path) for member, path in paths.items()}
    if set(found) != set(kind.key) or not all(isinstance(value, str) and value for value in found.values()):
        return None
    return {member: str(value) for member, value in found.items()}


def now() -> float:
    """The time as the ledger has it: seconds since the epoch."""
    return round(time.time(), 6)
