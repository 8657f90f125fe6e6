"""The guard at the gate: what it must ask upstream before it can say no, and what it learns from answers.

Most calls are decided at once. Three kinds are not: a resource with an id that AWS chose may be a member of a stack of
this run, what is outside by its name may belong to an adopted stack that was deployed since, and a call that deploys a
template is only as good as what the template makes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace

from sandgate.config.model import Config
from sandgate.core.call import ALLOWED, Call, Decision
from sandgate.gate.adopted import Adopted, Asks
from sandgate.gate.asking import Asking
from sandgate.gate.looks import is_look_of_a_sweep
from sandgate.gate.parts import Parts
from sandgate.guard.adoption import made_of_members
from sandgate.guard.guard import Guard
from sandgate.guard.owned import Owned
from sandgate.guard.services import prefixes_of
from sandgate.guard.stack_calls import StackCalls
from sandgate.guard.templates.grants import granted_outside, known_action
from sandgate.guard.templates.model import Place

__all__ = ["UNNAMED_ACCOUNT", "Wall", "build_wall"]

_PERHAPS_OURS = frozenset({"not-created-here", "opens-outside"})
"""Rules that ask whether this run made something."""
_MAY_BE_ADOPTED = frozenset({*_PERHAPS_OURS, "grants-outside", "outside-run", "outside-sandbox", "reaches-outside"})
"""Rules by which a member of an adopted stack is refused as long as nobody has seen it there."""
UNNAMED_ACCOUNT = "000000000000"
"""Where nobody answers GetCallerIdentity: what local emulators call their account."""


class Wall:
    """Decides calls.

    Args:
        config: the run's.
        place: where calls end.
        owned: what this run made.
        adopted: stacks that are inside whatever their members are called; looked at already.
        asking: reads of the gate's own.
        acts_as_role: whether CloudFormation has the rights of the role that a call passes, and no others.

    Raises:
        ConfigError: the policy cannot be made from the configuration.
        PolicyError: the user's own document is malformed.
    """

    def __init__(
        self, config: Config, place: Place, *, owned: Owned, adopted: Adopted, asking: Asks, acts_as_role: bool = False
    ) -> None:
        self._place = place
        self._owned = owned
        self._adopted = adopted
        self._asking = asking
        self._take_policy()
        self._stacks = StackCalls(
            inside=self._is_inside,
            grants_outside=self._gives_away,
            exceeds=self._exceeds,
            acts_as_role=acts_as_role,
            known_action=known_action,
            lookups=asking,
            services=_services(config),
            partition=place.partition,
            account=place.account,
            region=place.region,
        )

    def decide(self, call: Call) -> Decision | Awaitable[Decision]:
        """Allow or refuse, or what will say so."""
        decision = self._guard.decide(call)
        if decision.allowed:
            return self._judge(call) if self._stacks.concerns(call) else decision
        if is_look_of_a_sweep(call):
            return ALLOWED
        mine = decision.rule in _PERHAPS_OURS and self._owned.stacks
        theirs = decision.rule in _MAY_BE_ADOPTED and self._adopted
        return self._look_again(call, decision) if mine or theirs else decision

    async def _judge(self, call: Call) -> Decision:
        """Examine the template; what it may use of an adopted stack is looked up before it is refused."""
        guard = self._guard
        decision = await self._stacks.judge(call)
        if decision.allowed:
            return decision
        await self._adopt()
        return decision if self._guard is guard else await self._stacks.judge(call)

    async def _look_again(self, call: Call, decision: Decision) -> Decision:
        """Take the members of this run's stacks and of the adopted ones, and decide anew."""
        if decision.rule in _PERHAPS_OURS:
            for stack, region in tuple(self._owned.stacks):
                members = await self._asking.members(stack, region)
                found = [(member.type, member.physical_id) for member in members or ()]
                self._owned.add(made_of_members(found, replace(self._place, region=region)))
        await self._adopt()
        return self._guard.decide(call)

    async def _adopt(self) -> None:
        """Take what the adopted stacks own now."""
        if self._adopted and await self._adopted.look():
            self._take_policy()

    def _take_policy(self) -> None:
        self._guard = Guard(self._adopted.policy(), self._owned.owns)
        self._outside = granted_outside(self._guard.patterns)

    def _is_inside(self, arn: str) -> bool:
        return self._guard.inside(arn)

    def _gives_away(self, document: Mapping[str, object]) -> tuple[str, ...]:
        if found := self._outside(document):
            return found
        denied = self._guard.grants_denied(document)
        return tuple(f"{what}: the policy denies that to everybody" for what in denied)

    def _exceeds(self, document: Mapping[str, object]) -> tuple[str, ...]:
        return self._guard.grants_outside(document)


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
    aws = parts.upstream.aws
    place = Place(
        account=parts.upstream.account or UNNAMED_ACCOUNT,
        region=config.region,
        partition=aws.partition if aws is not None else "aws",
    )
    adopted = Adopted(config, asking, place, namespace)
    await adopted.look()
    acts_as_role = parts.upstream.acts_as_stack_role
    return Wall(config, place, owned=parts.owned, adopted=adopted, asking=asking, acts_as_role=acts_as_role)


def _services(config: Config) -> frozenset[str]:
    """IAM services that members of stacks may be of: those of the sandbox, and whatever `allow` speaks of.

    A type of another one would be made with CloudFormation's power, while nothing says what of that service is inside.
    """
    allowed = (action.partition(":")[0].lower() for item in config.allow for action in item.actions)
    return frozenset((*prefixes_of(config.services), *allowed))
