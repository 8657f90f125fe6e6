"""A stack's events: what is new since last time, and which failure started it all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandgate.stacks._aws import error_message
from sandgate.stacks.model import Clients, StackEvent

__all__ = ["EventLog", "first_failure"]

_STACK = "AWS::CloudFormation::Stack"
_CONSEQUENCES = ("cancelled", "The following resource(s) failed", "Resource creation Initiated")
"""Reasons that only say that something else failed."""
_MAX_NESTING = 5


class EventLog:
    """The events of one operation on a stack.

    Args:
        clients: gives the CloudFormation client.
        stack_id: id rather than name, since a name may be used again.
        skip: the id of the last event before the operation; that one and all before it are not of interest.
    """

    def __init__(self, clients: Clients, stack_id: str, *, skip: str = "") -> None:
        self._cloudformation = clients("cloudformation")
        self._stack_id = stack_id
        self._last = skip
        self.seen: list[StackEvent] = []

    def new(self) -> list[StackEvent]:
        """The events since the last call, oldest first."""
        fresh: list[Any] = []
        last = self._last
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self._stack_id)
        for page in pages:  # newest first
            for event in page["StackEvents"]:
                if event["EventId"] == last:
                    break
                fresh.append(event)
            else:
                continue
            break
        if fresh:
            self._last = fresh[0]["EventId"]
        events = [_event(raw) for raw in reversed(fresh)]
        self.seen.extend(events)
        return events

    def skip(self) -> None:
        """Pass over everything that has happened so far."""
        page = self._cloudformation.describe_stack_events(StackName=self._stack_id)
        self._last = page["StackEvents"][0]["EventId"] if page["StackEvents"] else ""


def first_failure(
    clients: Clients, events: Iterable[StackEvent], stack_id: str, *, depth: int = 0
) -> StackEvent | None:
    """The failure that caused the others; inside a nested stack, that stack's own.

    Args:
        clients: gives the CloudFormation client.
        events: of the operation, oldest first.
        stack_id: of the stack they belong to.
        depth: how many stacks are above it.
    """
    failed = [event for event in events if event.failed]
    causes = [event for event in failed if not any(text in event.reason for text in _CONSEQUENCES)]
    own = [event for event in causes if event.physical_id != stack_id]
    cause = next(iter([*own, *causes, *failed]), None)
    if cause is None:
        return None
    if cause.physical_id == stack_id:
        return _validation_failure(clients, stack_id) or cause
    if cause.type == _STACK and cause.physical_id.startswith("arn:") and depth < _MAX_NESTING:
        inner = EventLog(clients, cause.physical_id).new()
        return first_failure(clients, inner, cause.physical_id, depth=depth + 1) or cause
    return cause


def _validation_failure(clients: Clients, stack_id: str) -> StackEvent | None:
    """What CloudFormation's validation before deployment found; it is in the newer DescribeEvents only."""
    cloudformation = clients("cloudformation")
    if not hasattr(cloudformation, "describe_events"):
        return None
    try:
        events = cloudformation.describe_events(StackName=stack_id)["OperationEvents"]
    except cloudformation.exceptions.ClientError as error:
        return StackEvent(
            logical_id="",
            type=_STACK,
            status="VALIDATION_FAILED",
            reason=f"details not available: {error_message(error)}",
        )
    for event in reversed(events):
        if event.get("EventType") == "VALIDATION_ERROR" and event.get("ValidationStatus") == "FAILED":
            reason = f"{event.get('ValidationStatusReason', '')} ({event.get('ValidationPath', '')})"
            return StackEvent(
                logical_id=event.get("LogicalResourceId", ""),
                type=event.get("ResourceType", ""),
                status="VALIDATION_FAILED",
                reason=reason,
            )
    return None


def _event(raw: dict[str, Any]) -> StackEvent:
    return StackEvent(
        logical_id=raw["LogicalResourceId"],
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=raw.get("ResourceStatusReason", ""),
        physical_id=raw.get("PhysicalResourceId", ""),
        time=raw.get("Timestamp"),
    )
