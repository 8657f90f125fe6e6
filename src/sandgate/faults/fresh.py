"""What has just changed, and for how long that is not known everywhere."""

from __future__ import annotations

from sandgate.faults._model import Clock

__all__ = ["Fresh"]


class Fresh:
    """Things that are fresh for a time.

    Args:
        seconds: how long each stays so.
        clock: the time.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until: dict[object, float] = {}

    def add(self, thing: object) -> None:
        """It has changed just now."""
        self._until[thing] = self._clock() + self._seconds

    def drop(self, thing: object) -> None:
        """It is not fresh any more."""
        self._until.pop(thing, None)

    def __contains__(self, thing: object) -> bool:
        """Whether it still is."""
        until = self._until.get(thing)
        if until is None:
            return False
        if self._clock() < until:
            return True
        del self._until[thing]
        return False
