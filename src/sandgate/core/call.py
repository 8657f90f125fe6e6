"""`Call`: the one value that crosses layers, and what is decided and known about it.

No layer above `wire` sees HTTP, and none sees botocore: they see a `Call`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandgate.core.rules import heading

__all__ = ["ALLOWED", "SWEEPER", "Call", "Decision", "Outcome", "Principal", "ResourceRef"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a call, as far as the gate knows."""

    kind: Literal["identity", "deployer", "also", "surrogate", "function", "anonymous"]
    name: str
    """`main`, `gw0`, a role session or a function name; never a key."""
    worker: str = "main"
    """The parallel worker whose key or port the call came through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRef:
    """A resource that a call names, before anybody asked whether it exists."""

    type: str
    """CloudFormation's spelling, `AWS::DynamoDB::Table`."""
    name: str
    """The name or id as the call gave it."""
    arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One AWS API request, identified."""

    id: str
    service: str
    """botocore's service name, `dynamodb`; for routes outside the models the IAM prefix, `execute-api`."""
    operation: str
    parameters: Mapping[str, object] = field(default_factory=dict, repr=False)
    """Parsed members; streaming members are absent. Never printed: they hold data."""
    region: str = ""
    principal: Principal
    test_id: str = ""
    resources: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Allow or refuse, and what explains it."""

    allowed: bool
    rule: str = ""
    """Stable code of the rule that decided."""
    value: str = ""
    """The offending value."""
    source: str = ""
    """Where the rule came from: option and file."""
    remedy: str = ""
    """The one line that would allow the call."""
    action: str = ""
    """The IAM action that was refused, `dynamodb:PutItem`; empty where no policy was asked."""
    statement: str = ""
    """Sid or position of the policy statement that decided; empty where none did."""

    def text(self) -> str:
        """The refusal as one sentence for an AWS error message."""
        parts = [f"sandgate refused this call by rule {self.rule}"]
        if self.value:
            parts.append(f"value: {self.value}")
        if self.source:
            parts.append(f"from: {self.source}")
        if self.remedy:
            parts.append(f"{heading(self.remedy)}: {self.remedy}")
        return "; ".join(parts)


ALLOWED = Decision(allowed=True)
SWEEPER = "sweep"
"""The worker whose calls are a sweep's: the deployer's, and no test's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a call."""

    status: int
    """HTTP status that the client got; 0 when it left before one was sent."""
    duration_ms: float
    bytes_in: int
    bytes_out: int
    error_code: str = ""
    request_id: str = ""
