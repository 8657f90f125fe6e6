"""What an adopted stack owns, as ARNs: its members are inside whatever they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sandgate.guard.owners import owners_of
from sandgate.guard.templates.members import arn_of
from sandgate.guard.templates.model import Place
from sandgate.guard.templates.types import rule_of

__all__ = ["arns_of_members", "made_of_members", "stack_reads"]

_OTHER_PROPERTY = re.compile(r"\{(?!region|account|name|id|slash|key)\w")
_SAMPLE = "a1"
_READS = (
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:GetTemplateSummary",
    "cloudformation:ListStackResources",
)


def arns_of_members(members: Iterable[tuple[str, str]], place: Place) -> tuple[str, ...]:
    """ARNs of the members of a stack.

    Args:
        members: CloudFormation type and physical id of each; a type that nobody described names nothing here.
        place: where the stack is.
    """
    return tuple(dict.fromkeys(arn for kind, physical in members for arn in _arns(kind, physical, place)))


def made_of_members(members: Iterable[tuple[str, str]], place: Place) -> tuple[str, ...]:
    """ARNs of the members whose ids AWS chose.

    A template or a function may call a stage, a user or a custom resource like anybody's API; such a name makes
    nothing the run's own.

    Args:
        members: CloudFormation type and physical id of each.
        place: where the stack is.
    """
    return tuple(
        dict.fromkeys(
            arn
            for kind, physical in members
            if any(owners_of(sample) for sample in _arns(kind, _SAMPLE, place))
            for arn in _arns(kind, physical, place)
            if owners_of(arn)
        )
    )


def _arns(kind: str, physical: str, place: Place) -> Iterator[str]:
    rule = rule_of(kind)
    if physical.startswith("arn:"):
        if rule is None or not rule.chosen:  # a custom resource is called what its function says
            yield physical
        return
    if rule is None:
        return
    # `Ref` of a queue is its URL.
    name = physical.rpartition("/")[2] if physical.startswith(("http://", "https://")) else physical
    for form in rule.arn:
        if not _OTHER_PROPERTY.search(form):
            yield arn_of(form, place, {"name": name, "id": name})


def stack_reads(stack: str, place: Place) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Actions and resources of a statement that lets tests look at an adopted stack; nobody changes it."""
    arn = f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/{stack}"
    return _READS, (arn, f"{arn}/*")
