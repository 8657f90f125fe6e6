"""`AccessRequest`: one question for IAM. Most calls ask one; batches, copies and role passing ask several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["AccessRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One action on one resource in one context.

    Source: IAM User Guide, "Policy evaluation logic", the request context.
    """

    action: str
    """`dynamodb:PutItem`, in the spelling of the Service Authorization Reference."""
    resource: str = "*"
    """ARN; `*` where the reference says that the action has no resource."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Condition key in lower case to its values; a key that is not here is absent from the request."""
    member: str = ""
    """The part of the call that asks, `TransactItems[1].Put`; empty for the call as a whole."""
    via: str = ""
    """The service that asks on the caller's behalf (forward access), `s3.eu-west-1.amazonaws.com`."""
