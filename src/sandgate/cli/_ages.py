"""Lengths of time as people type and read them: `90s`, `30m`, `2h`, `7d`."""

from __future__ import annotations

import re

from sandgate.errors import UsageError

__all__ = ["age_text", "parse_age"]

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_AGE = re.compile(rf"([0-9]{{1,6}}(?:\.[0-9]{{1,3}})?)([{''.join(_UNITS)}])")
_ENOUGH = 2
"""Of a unit, before a smaller one is shown."""


def parse_age(text: str, option: str = "--older-than") -> float:
    """Seconds.

    Args:
        text: a number and a unit.
        option: where it was typed.

    Raises:
        UsageError: it is not that.
    """
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"{text!r} is no length of time", where=f"command line, {option}", hint="such as 90s, 30m, 2h or 7d"
        )
    return float(match[1]) * _UNITS[match[2]]


def age_text(seconds: float) -> str:
    """An age in its largest unit that makes sense.

    Args:
        seconds: below 0 where clocks differ, which counts as now.
    """
    left = max(0.0, seconds)
    unit = next((name for name, length in _UNITS.items() if left >= _ENOUGH * length), "s")
    return f"{left // _UNITS[unit]:.0f} {unit}"
