"""Adopted stacks at the gate: what they own is inside, also when it was deployed after the gate had started."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from sandgate.config.model import Config
from sandgate.config.options import AllowOptions
from sandgate.gate.asking import StackMember
from sandgate.guard.adoption import arns_of_members, stack_reads
from sandgate.guard.policy import Policy, load_policy
from sandgate.guard.stack_calls import Lookups
from sandgate.guard.templates.model import Place

__all__ = ["Adopted", "Asks"]


class Asks(Lookups, Protocol):
    """What may have to be asked upstream."""

    async def members(self, stack: str, region: str) -> tuple[StackMember, ...] | None:
        """What a stack holds; None when it cannot be read."""


class Adopted:
    """The adopted stacks, what they own now, and the sandbox policy that follows.

    Args:
        config: the run's.
        asking: reads of the gate's own.
        place: where the stacks are.
        namespace: the run's.
    """

    def __init__(self, config: Config, asking: Asks, place: Place, namespace: str) -> None:
        self._config = config
        self._asking = asking
        self._place = place
        self._namespace = namespace
        self._members: dict[str, tuple[str, ...]] = {
            name: () for name, options in config.stacks.items() if options.adopt
        }

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._members)

    async def look(self) -> bool:
        """Ask what the stacks own; whether that is something else than before."""
        found = {name: await self._owned_by(name) for name in self._members}
        changed = found != self._members
        self._members = found
        return changed

    async def _owned_by(self, name: str) -> tuple[str, ...]:
        members = await self._asking.members(name, self._config.region)
        if members is None:  # not there, or not readable now: nothing new is known
            return self._members[name]
        return arns_of_members([(member.type, member.physical_id) for member in members], self._place)

    def policy(self) -> Policy:
        """The policy with what the stacks own inside, and the stacks readable.

        Raises:
            ConfigError: the policy cannot be made from the configuration.
            PolicyError: the user's own document is malformed.
        """
        owned = [arn for arns in self._members.values() for arn in arns]
        reads = (stack_reads(name, self._place) for name in self._members)
        allow = tuple(AllowOptions(actions=actions, resources=resources) for actions, resources in reads)
        config = replace(self._config, adopt=(*self._config.adopt, *owned), allow=(*self._config.allow, *allow))
        place = self._place
        return load_policy(
            config, account=place.account, namespace=self._namespace, partition=place.partition, written=self._config
        )
