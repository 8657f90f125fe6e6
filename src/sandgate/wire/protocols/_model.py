"""What an AWS protocol is to the gate: how parameters are read, and how an error is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandgate.wire.http import Request, Response
from sandgate.wire.models import Operation, Service
from sandgate.wire.uri import Pairs

__all__ = ["ErrorParts", "Parts", "Plan", "Protocol"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One request, taken apart as far as the head allows."""

    request: Request
    query: Pairs
    """Decoded, without the keys that only authenticate."""
    labels: Mapping[str, str] = field(repr=False)
    """Decoded path labels by their name in the template."""
    form: Mapping[str, str] = field(repr=False)
    """Decoded parameters of URL and form together, in the form protocols."""
    body: bytes | None = field(repr=False)
    """Content decoded; None when it streams."""


Plan = Callable[[Parts], dict[str, object]]
"""A compiled parser of one operation's requests. Raises MalformedError or ValueError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorParts:
    """One error on its way to a client."""

    service: str
    code: str
    message: str
    status: int
    request_id: str
    resource: str
    xml_namespace: str
    query_compatible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One AWS protocol."""

    name: str
    compile: Callable[[Service, Operation], Plan]
    render: Callable[[ErrorParts], Response]
    malformed: str
    """AWS error code for a request that does not fit the model."""
    unknown: str
    """AWS error code for an operation that does not exist."""
