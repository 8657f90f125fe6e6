"""The guard at the gate: what it must ask upstream before it can say no, and what it learns from answers.

Most calls are decided at once. Two kinds are not: a resource with an id that AWS chose may be a member of a stack of
this run, and a call that deploys a template is only as good as what the template makes.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

from sandgate.config.model import Config
from sandgate.config.options import AllowOptions
from sandgate.core.call import Call, Decision
from sandgate.gate.asking import Asking
from sandgate.gate.parts import Parts
from sandgate.guard.adoption import arns_of_members, stack_reads
from sandgate.guard.guard import Guard
from sandgate.guard.owned import Owned
from sandgate.guard.policy import load_policy
from sandgate.guard.services import prefixes_of
from sandgate.guard.stack_calls import StackCalls
from sandgate.guard.templates.grants import granted_outside, known_action
from sandgate.guard.templates.model import Place

__all__ = ["Wall", "build_wall"]

_NOT_MADE_HERE = "not-created-here"
_UNNAMED_ACCOUNT = "000000000000"
"""Where nobody answers GetCallerIdentity: what local emulators call their account."""


class Wall:
    """Decides calls.

    Args:
        guard: the sandbox policy.
        owned: what this run made.
        stacks: judges templates.
        asking: reads of the gate's own.
    """

    def __init__(self, guard: Guard, owned: Owned, stacks: StackCalls, asking: Asking) -> None:
        self._guard = guard
        self._owned = owned
        self._stacks = stacks
        self._asking = asking

    def decide(self, call: Call) -> Decision | Awaitable[Decision]:
        """Allow or refuse, or what will say so."""
        decision = self._guard.decide(call)
        if decision.allowed:
            return self._stacks.judge(call) if self._stacks.concerns(call) else decision
        if decision.rule == _NOT_MADE_HERE and self._owned.stacks:
            return self._look_again(call)
        return decision

    async def _look_again(self, call: Call) -> Decision:
        """Take the members of this run's stacks, and decide anew."""
        for stack, region in tuple(self._owned.stacks):
            members = await self._asking.members(stack, region)
            self._owned.add(member.physical_id for member in members or ())
        return self._guard.decide(call)


async def build_wall(config: Config, parts: Parts, namespace: str) -> Wall:
    """The wall of a run, with what its adopted stacks own.

    Args:
        config: the run's.
        parts: of its gate; the upstream has started.
        namespace: the run's.

    Raises:
        ConfigError: the policy cannot be made from the configuration.
        PolicyError: the user's own document is malformed.
    """
    asking = Asking(parts, config.region)
    account = parts.upstream.account or _UNNAMED_ACCOUNT
    place = Place(account=account, region=config.region)
    policy = load_policy(await _with_adopted(config, asking, place), account=account, namespace=namespace)
    guard = Guard(policy, parts.owned.owns)
    stacks = StackCalls(
        inside=guard.inside,
        grants_outside=granted_outside(guard.patterns),
        known_action=known_action,
        lookups=asking,
        services=frozenset(prefixes_of(config.services)) if config.services else None,
        partition=place.partition,
        account=account,
        region=config.region,
    )
    return Wall(guard, parts.owned, stacks, asking)


async def _with_adopted(config: Config, asking: Asking, place: Place) -> Config:
    names = [name for name, options in config.stacks.items() if options.adopt]
    adopted: list[str] = []
    for name in names:
        members = await asking.members(name, config.region)
        adopted += arns_of_members([(m.type, m.physical_id) for m in members or ()], place)
    reads = tuple(AllowOptions(actions=a, resources=r) for a, r in (stack_reads(name, place) for name in names))
    return replace(config, adopt=(*config.adopt, *adopted), allow=(*config.allow, *reads))
