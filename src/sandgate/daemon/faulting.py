"""Putting together what a gate simulates from its start: the timing of AWS."""

from __future__ import annotations

import time

from sandgate.config.model import Config
from sandgate.faults._model import timings
from sandgate.faults.active import Active
from sandgate.faults.choice import chosen
from sandgate.gate.asking import Asking
from sandgate.gate.parts import Parts
from sandgate.gate.simulating import JsonAsking

__all__ = ["start_faults"]


def start_faults(config: Config, parts: Parts) -> Active | None:
    """What goes wrong on purpose from the start.

    Args:
        config: the run's.
        parts: of its gate, for reads of its own.

    Returns:
        What the parts' faults are to be; None where nothing is simulated.
    """
    if not config.timing:
        return None
    asks = JsonAsking(Asking(parts, config.region), parts.models)
    running = [(timings()[name], seconds) for name, seconds in chosen(config.timing).items()]
    return Active([(timing, timing.start(seconds, time.monotonic, asks)) for timing, seconds in running])
