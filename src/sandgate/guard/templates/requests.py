"""What the handlers of a resource type ask of IAM, as far as the template names the resources.

Source of the permissions: the resource schemas of the CloudFormation registry, `handlers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sandgate.guard.templates.types import phases, service_of
from sandgate.iam.request import AccessRequest

__all__ = ["handler_requests"]

_SERVICE = 2


def handler_requests(
    type_name: str,
    *,
    arn: str | None,
    member: str,
    references: Sequence[str],
    known_action: Callable[[str], bool],
) -> tuple[tuple[AccessRequest, ...], tuple[str, ...]]:
    """The requests of the create, update and delete handlers.

    An action of the type's own service asks for the member's own ARN, `*` where its id is made up; an action of
    another service for what the properties name of that service. What is left is only listed: a schema names whatever a
    handler could ever need, such as `kms:Encrypt` for a table without a key.

    Args:
        type_name: CloudFormation type.
        arn: of the member, where it can be formed.
        member: path of the member in the template.
        references: ARNs of what its properties name outside the stack.
        known_action: whether IAM knows an action.

    Returns:
        The requests, and the actions that nothing in the template names a resource of.
    """
    own = service_of(type_name)
    asked = dict.fromkeys(
        action for actions in phases(type_name).values() for action in actions if known_action(action)
    )
    requests: list[AccessRequest] = []
    may_need: list[str] = []
    for action in asked:
        service = action.partition(":")[0]
        named = [one for one in references if one.split(":")[_SERVICE:][:1] == [service]]
        resources = [arn or "*"] if service == own else named
        if not resources:
            may_need.append(action)
        requests += [
            AccessRequest(action=action, resource=one, member=member, via="cloudformation.amazonaws.com")
            for one in resources
        ]
    return tuple(requests), tuple(may_need)
