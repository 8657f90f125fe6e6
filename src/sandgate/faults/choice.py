"""Which timings a run simulates, and for how long each lasts."""

from __future__ import annotations

from collections.abc import Mapping

from sandgate.config.fault_options import EVERY_TIMING, timing_entries
from sandgate.faults._model import timings

__all__ = ["chosen"]


def chosen(option: str) -> Mapping[str, float]:
    """Name to seconds.

    Args:
        option: the option `timing`; what is named itself counts more than what `aws` says of all.
    """
    said = timing_entries(option)
    found: dict[str, float] = {}
    for name, timing in timings().items():
        if name in said or EVERY_TIMING in said:
            seconds = said.get(name)
            if seconds is None and name not in said:
                seconds = said[EVERY_TIMING]
            found[name] = timing.seconds if seconds is None else seconds
    return found
