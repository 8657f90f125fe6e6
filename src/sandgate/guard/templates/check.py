"""What was examined against one sandbox: every name, reference and permission must stay inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from sandgate.guard.services import prefixes_of, services_of
from sandgate.guard.templates.model import Examined, Member, Problem
from sandgate.guard.templates.values import shown

__all__ = ["check"]


def check(
    examined: Examined,
    *,
    inside: Callable[[str], bool],
    grants_outside: Callable[[Mapping[str, object]], tuple[str, ...]],
    services: frozenset[str] | None = None,
) -> tuple[Problem, ...]:
    """Everything that keeps a template from being deployed.

    Args:
        examined: what `examine` found.
        inside: whether an ARN is inside the sandbox by its name; texts that are no ARN are not.
        grants_outside: what a document with permissions grants outside the sandbox, one text each.
        services: IAM services that the sandbox may use; `None` for any.

    Returns:
        Problems in the order of the template; none when the call may pass.
    """
    return (
        *examined.problems,
        *(problem for member in examined.members for problem in _member(member, inside, services)),
        *(
            Problem(
                code="outside",
                path=reference.path,
                value=reference.value,
                why=f"{shown(reference.arn)} is neither in the sandbox nor in this stack",
                remedy="refer to a resource of this stack, or adopt the one that it names",
            )
            for reference in examined.references
            if not inside(reference.arn)
        ),
        *(
            Problem(
                code="grants_outside",
                path=document.path,
                value=shown(granted),
                why="the statement grants something outside the sandbox",
                remedy="name resources of the sandbox or of this stack",
            )
            for document in examined.documents
            for granted in grants_outside(document.document)
        ),
        *(
            Problem(
                code="trust",
                path=grantee.path,
                value=grantee.shown,
                why="the condition lets in what is neither in the sandbox nor in this stack",
                remedy="name resources of the sandbox or of this stack",
            )
            for grantee in examined.grantees
            if not all(inside(arn) for arn in grantee.arns)
        ),
    )


def _with_service(services: frozenset[str], added: str) -> str:
    """The option `services` with one more, in the names that it has there."""
    if added not in prefixes_of(()):
        return "leave it out, since no service of that name can be kept to a sandbox"
    names = (services_of(prefix)[0] for prefix in sorted(services | {added}) if services_of(prefix))
    return f"services = [{', '.join(json.dumps(name) for name in names)}]"


def _member(member: Member, inside: Callable[[str], bool], services: frozenset[str] | None) -> Iterator[Problem]:
    if services is not None and member.service and member.service not in services:
        yield Problem(
            code="service",
            path=f"{member.within}Resources.{member.logical_id}.Type",
            value=member.type,
            why=f"the service {member.service} is not one that the sandbox may use",
            remedy=_with_service(services, member.service),
        )
    if member.arn is not None and not inside(member.arn):
        yield Problem(
            code="outside",
            path=member.path,
            value=shown(member.name or member.arn),
            why=f"{shown(member.arn)} is not in the sandbox",
            remedy="let the name begin with the stack's, !Sub ${AWS::StackName}-…, or leave it out",
        )
