"""`faults.throttle`: the service says that it is called too often."""

from __future__ import annotations

from collections.abc import Mapping

from sandgate.faults._model import Fault, Strike
from sandgate.faults.errors import failure_of

__all__ = ["FAULT"]


def _strike(service: str, operation: str, protocol: str, _said: Mapping[str, object]) -> Strike:
    return Strike(fault="throttle", failure=failure_of("throttle", service, operation, protocol))


FAULT = Fault(
    name="throttle",
    summary="answers with the service's own throttling error, with Retry-After where the service sends it",
    strike=_strike,
)
