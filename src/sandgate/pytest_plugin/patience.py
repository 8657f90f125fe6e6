"""Ctrl-C while a session ends: the first one lets the end, which includes the sweep, come to its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["patient"]


@contextmanager
def patient(*, asked: bool) -> Iterator[Callable[[], bool]]:
    """Remember the first Ctrl-C of a run; the second one is a `KeyboardInterrupt`.

    Args:
        asked: whether there was one already.

    Yields:
        Whether there was one by now.
    """
    count = int(asked)

    def arrived(_number: int, _frame: object) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGINT, arrived) if ours else None
    try:
        yield lambda: count > 0
    finally:
        if ours:
            signal.signal(signal.SIGINT, previous)
