"""The rules by which the guard refuses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandgate.core.rules import Rule

__all__ = ["RULES"]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            Rule(
                code="unmapped-operation",
                text="Nothing says which permissions the operation needs, so nobody knows what it would touch.",
                remedy="another operation; or the option `--unsafe-no-guard`, on a tier that reaches no real account.",
            ),
            Rule(
                code="unresolvable-resource",
                text="The operation is known, but what the call names is not provably one resource.",
                remedy="a plain name or a whole ARN in the member that the text names, or what it says is missing.",
            ),
            Rule(
                code="service-not-allowed",
                text="The option `services` leaves the service out.",
                remedy="`services` with the service in it.",
            ),
            Rule(
                code="action-not-allowed",
                text="No statement of the sandbox policy allows the action on any resource, or none allows what names "
                "no resource: administration of the account or the organisation, a read of everything, an SMS.",
                remedy="the resource in the call, where it has a member for it, else a statement in `allow`.",
            ),
            Rule(
                code="outside-account",
                text="The resource is of another account.",
                remedy="a statement in `allow` that names the ARN.",
            ),
            Rule(
                code="outside-region",
                text="The resource is in another region than the run.",
                remedy="a statement in `allow` that names the ARN.",
            ),
            Rule(
                code="outside-run",
                text='The name has the prefix, but not the namespace of this run; with `isolation = "run"` it must.',
                remedy='a name with the namespace for what the call makes, else `isolation = "prefix"`.',
            ),
            Rule(
                code="outside-sandbox",
                text="The action is allowed inside the sandbox, and the name of this resource is outside.",
                remedy="a name inside for what the call makes, else the name in `adopt`.",
            ),
            Rule(
                code="condition-not-met",
                text="A statement allows the action on the resource under a condition that this call does not meet.",
                remedy="a statement in `allow` without it.",
            ),
            Rule(
                code="explicit-deny",
                text="A statement of the `policy` file denies it.",
                remedy="the file without that statement.",
            ),
            Rule(
                code="shared-ledger",
                text="The call is about the table of the shared ledger, which `ledger` names and no test may touch.",
                remedy="nothing; use a table of the sandbox.",
                final=True,
            ),
            Rule(
                code="not-created-here",
                text="The resource has a random id, and neither this run made it nor is it adopted.",
                remedy="its ARN in `adopt`.",
            ),
            Rule(
                code="grants-outside",
                text="The call writes a policy that grants what the sandbox has not: whoever carries it could leave.",
                remedy="a policy that names resources of the sandbox, or the same permission in `allow`.",
            ),
            Rule(
                code="reaches-outside",
                text="The call makes a service read, invoke, write or deliver to a resource that is outside.",
                remedy="a target inside, else its ARN in `adopt`.",
            ),
            Rule(
                code="opens-outside",
                text="The call lets another account or everybody use a resource inside.",
                remedy="a principal of this account, a service or a condition that names this account; for another "
                'account `adopt = ["arn:aws:iam::ACCOUNT:root"]`.',
            ),
            Rule(
                code="stack-template",
                text="The call deploys a template that names, makes or permits something outside, or one that nobody "
                "can examine.",
                remedy="the change of the template that the text names: CloudFormation may do more than its caller.",
            ),
        )
    }
)
