"""`faults.delay`: the answer takes its time."""

from __future__ import annotations

from collections.abc import Mapping

from sandgate.faults._model import Fault, Strike

__all__ = ["FAULT"]

_LONGEST = 900.0
"""Seconds; no call of AWS lasts longer than a function may."""


def _strike(_service: str, _operation: str, _protocol: str, said: Mapping[str, object]) -> Strike:
    seconds = said.get("seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST:
        raise ValueError(f"seconds must be more than 0 and at most {_LONGEST:g}, not {seconds!r}")
    return Strike(fault="delay", seconds=float(seconds))


FAULT = Fault(
    name="delay",
    summary="holds a call back before it goes on; what waits when the test ends goes on at once",
    strike=_strike,
)
