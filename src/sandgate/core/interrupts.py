"""Signals that wait: what asks a process to end must not fall between a child's start and our knowing of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["held_back"]

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def held_back() -> Iterator[None]:
    """What asks us to end is handled when the block is over; in the main thread, where Python handles signals.

    The mask of the process stays as it is, since a child would inherit it.
    """
    arrived: list[tuple[int, FrameType | None]] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, lambda *signalled: arrived.append(signalled))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for which, frame in arrived:
        handlers[signal.Signals(which)](which, frame)
