"""What goes wrong on purpose at one gate: the faults that tests have set, and the timings that run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sandgate.faults._model import Simulation, Timing
from sandgate.faults.rules import Rules

__all__ = ["Active"]


class Active:
    """What is set.

    Args:
        simulations: timings, started.
    """

    def __init__(self, simulations: Iterable[tuple[Timing, Simulation]] = ()) -> None:
        self.rules = Rules()
        self._simulations = tuple(simulations)

    def __bool__(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.rules or self._simulations)

    def simulations(self, service: str) -> Sequence[tuple[Timing, Simulation]]:
        """Those that look at calls of a service."""
        return [one for one in self._simulations if not one[0].services or service in one[0].services]
