"""What a fault is, and what it does to one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol

from sandgate.core.call import Call
from sandgate.core.registry import discover

__all__ = ["Asked", "Asks", "Clock", "Failure", "Fault", "Simulation", "Strike", "Timing", "faults", "timings"]

Clock = Callable[[], float]
"""Seconds that never go back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer that says no, in place of the upstream's."""

    code: str
    """As the service's model names the error."""
    status: int
    message: str
    retry_after: int = 0
    """Seconds of the header Retry-After (RFC 9110, 10.2.3); 0 sends none."""
    query_code: str = ""
    """What the query protocol calls it, where that is another name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """What becomes of one call."""

    fault: str
    """Name of the fault."""
    seconds: float = 0.0
    """It waits for so long."""
    failure: Failure | None = None
    """It is answered so, and never reaches the upstream."""
    cut: Literal["", "before", "after"] = ""
    """The connection is cut `before` the call has gone out, or `after` the upstream has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A case of the registry: one file in `faults/kinds/` exports one as `FAULT`."""

    name: str
    summary: str
    strike: Callable[[str, str, str, Mapping[str, object]], Strike]
    """Given service, operation, protocol, and what the test says; raises ValueError where that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call, as far as a simulation looks at it."""

    call: Call
    protocol: str
    """Name of its AWS protocol."""
    key_id: str = field(default="", repr=False)
    """The access key id that the client has signed with."""


class Asks(Protocol):
    """Reads of the gate's own, which no simulation sees."""

    async def json(
        self, service: str, operation: str, parameters: Mapping[str, object], region: str
    ) -> Mapping[str, Any] | None:
        """The answer to a call of an AWS JSON service; None when there is none, or one that failed."""


class Simulation(Protocol):
    """One timing of one gate."""

    async def before(self, asked: Asked) -> Failure | bytes | None:
        """What a call gets in place of an answer: an error, or a body of JSON with status 200; None lets it pass."""

    def reads(self, call: Call) -> bool:
        """Whether the answer of a call that succeeds is wanted."""

    def after(self, asked: Asked, body: bytes) -> bytes:
        """The answer to a call that succeeded, as AWS would give it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A case of the registry: one file in `faults/timings/` exports one as `TIMING`."""

    name: str
    summary: str
    source: str
    """The document of AWS that says so."""
    seconds: float
    """For how long, if nobody says otherwise."""
    services: frozenset[str]
    """Whose calls it looks at; empty is every service."""
    start: Callable[[float, Clock, Asks], Simulation]


@cache
def faults() -> Mapping[str, Fault]:
    """What a test can set, by name."""
    return discover("sandgate.faults.kinds", "FAULT", Fault)


@cache
def timings() -> Mapping[str, Timing]:
    """What can be simulated, by name."""
    return discover("sandgate.faults.timings", "TIMING", Timing)
