"""`faults.cut`: the connection breaks, and nobody answers."""

from __future__ import annotations

from collections.abc import Mapping

from sandgate.faults._model import Fault, Strike

__all__ = ["FAULT"]


def _strike(_service: str, _operation: str, _protocol: str, said: Mapping[str, object]) -> Strike:
    when = said.get("when", "before")
    if when not in ("before", "after"):
        raise ValueError(f"when must be 'before' or 'after', not {when!r}")
    return Strike(fault="cut", cut=when)


FAULT = Fault(
    name="cut",
    summary="cuts the connection before the call has gone out, or after it was carried out and before its answer",
    strike=_strike,
)
