"""What the stack commands pass around: clients, events, and the stack as it stands after a deployment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["Clients", "Notice", "Progress", "Stack", "StackEvent", "StackResource", "Upload", "silent"]

Clients = Callable[[str], Any]
"""A boto3 client for a service name such as `cloudformation`; the caller decides endpoint, region and key."""

Notice = Callable[[str], None]
"""Told in one line what happens before CloudFormation has anything to say: packing, installing, uploading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """One line of a stack's history."""

    logical_id: str
    type: str
    """`AWS::DynamoDB::Table`."""
    status: str
    """CloudFormation's word, `CREATE_IN_PROGRESS`."""
    reason: str = ""
    physical_id: str = ""
    time: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether the event says that this resource could not be made, changed or deleted."""
        return self.status.endswith("_FAILED")


Progress = Callable[[StackEvent], None]
"""Told of each event as CloudFormation reports it, oldest first, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackResource:
    """A resource that a stack owns."""

    logical_id: str
    physical_id: str
    type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployed stack."""

    name: str
    id: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[StackResource, ...] = ()

    def physical_id(self, logical_id: str) -> str:
        """The physical id of a resource.

        Raises:
            KeyError: the stack owns no resource of that logical id; the message lists those it owns.
        """
        for resource in self.resources:
            if resource.logical_id == logical_id:
                return resource.physical_id
        known = ", ".join(sorted(resource.logical_id for resource in self.resources)) or "none"
        raise KeyError(f"stack {self.name!r} owns no resource {logical_id!r}; it owns: {known}")


Upload = Callable[[Any, str], tuple[str, str]]
"""Puts a file (`Path`) or `bytes` under a key, unless it is there already; answers bucket and key."""


def silent(_: object) -> None:
    """Take an event or a notice and tell nobody."""
