"""The rules by which the guard refuses; the reference page of refusals is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["RULES", "GuardRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRule:
    """One rule."""

    code: str
    """What refusals and receipts call it; never changes."""
    text: str
    """When it refuses, one sentence."""
    remedy: str
    """What lets such a call pass."""


RULES: Mapping[str, GuardRule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            GuardRule(
                code="unmapped-operation",
                text="Nothing says which permissions the operation needs, so nobody knows what it would touch.",
                remedy="`--unsafe-no-guard`, on a tier that reaches no real account; or another operation.",
            ),
            GuardRule(
                code="unresolvable-resource",
                text="The operation is known, but what the call names is not provably one resource.",
                remedy="give the member a plain name or a whole ARN.",
            ),
            GuardRule(
                code="service-not-allowed",
                text="The option `services` leaves the service out.",
                remedy="`services` with the service in it.",
            ),
            GuardRule(
                code="action-not-allowed",
                text="No statement of the sandbox policy allows the action on any resource: administration of the "
                "account or the organisation, or something that cannot be kept to a sandbox.",
                remedy="a statement in `allow`.",
            ),
            GuardRule(
                code="outside-account",
                text="The resource is of another account.",
                remedy="a statement in `allow` that names the ARN.",
            ),
            GuardRule(
                code="outside-region",
                text="The resource is in another region than the run.",
                remedy="a statement in `allow` that names the ARN.",
            ),
            GuardRule(
                code="outside-run",
                text='The name has the prefix, but not the namespace of this run; with `isolation = "run"` it must.',
                remedy='a name with the namespace for what the call makes, else `isolation = "prefix"`.',
            ),
            GuardRule(
                code="outside-sandbox",
                text="The action is allowed inside the sandbox, and the name of this resource is outside.",
                remedy="a name inside for what the call makes, else the name in `adopt`.",
            ),
            GuardRule(
                code="condition-not-met",
                text="A statement allows the action on the resource under a condition that this call does not meet.",
                remedy="a statement in `allow` without it.",
            ),
            GuardRule(
                code="explicit-deny",
                text="A statement of the `policy` file denies it.",
                remedy="the file without that statement.",
            ),
            GuardRule(
                code="not-created-here",
                text="The resource has a random id, and neither this run made it nor is it adopted.",
                remedy="its ARN in `adopt`.",
            ),
            GuardRule(
                code="grants-outside",
                text="The call writes a policy that grants what the sandbox has not: whoever carries it could leave.",
                remedy="a policy that names resources of the sandbox, or the same permission in `allow`.",
            ),
        )
    }
)
