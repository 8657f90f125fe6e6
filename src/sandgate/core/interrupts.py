"""Signals that wait: what asks a process to end must not fall between a child's start and our knowing of it."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ENDING", "blocked", "come_again", "ended_within", "held_back"]

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What asks a process to end."""
_AGAIN_SECONDS = 0.01
_GLANCE_SECONDS = 0.01
_DOZE_SECONDS = 0.05
"""A signal that another thread has taken for us wakes nobody: it is seen after this time at the latest."""


@contextmanager
def blocked(numbers: Iterable[int] = ENDING) -> Iterator[None]:
    """Signals arrive when the block is over. Children that are started in it have them blocked too.

    Args:
        numbers: which signals.
    """
    late: BaseException | None = None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        except BaseException as error:  # noqa: BLE001 - what had arrived an instant before; the mask is in force by now
            late = error
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if late is not None:
        raise late


@contextmanager
def held_back() -> Iterator[None]:
    """What asks us to end is handled when the block is over; in the main thread, where Python handles signals.

    The mask of the process stays as it is, since a child would inherit it.
    """
    arrived: list[tuple[int, FrameType | None]] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        with blocked():
            for number in ENDING:
                if callable(handler := signal.getsignal(number)):
                    handlers[number] = handler
                    signal.signal(number, lambda *signalled: arrived.append(signalled))
    try:
        yield
    finally:
        with blocked():
            for number, handler in handlers.items():
                signal.signal(number, handler)
    for which, frame in arrived:
        handlers[signal.Signals(which)](which, frame)


def come_again(lost: sys.UnraisableHookArgs) -> None:
    """Have an interruption come again that the interpreter has dropped, since it came in a finalizer.

    Args:
        lost: what `sys.unraisablehook` is told.
    """
    if lost.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(lost)
        return
    main = threading.main_thread().ident
    assert main is not None
    threading.Thread(target=_interrupt_later, args=(main,)).start()


def _interrupt_later(main: int) -> None:
    """Interrupt a thread once it has left `come_again`: in there an interruption would be dropped as well."""
    left = False
    while not left:
        time.sleep(_AGAIN_SECONDS)
        frame = sys._current_frames().get(main)  # noqa: SLF001 - the only way to ask where a thread is
        while frame is not None and frame.f_code is not come_again.__code__:
            frame = frame.f_back
        left = frame is None
    signal.pthread_kill(main, signal.SIGINT)


def ended_within(process: subprocess.Popen[bytes], seconds: float = math.inf) -> bool:
    """Wait for the end of a child; an interruption may come at any moment.

    That is not so of `Popen.wait` with a time-out: one that comes just as it takes its lock leaves it taken, and who
    waits for the same child afterwards waits for ever. Seen with CPython 3.11, once in 3,000 interruptions.

    Args:
        process: the child.
        seconds: how long to wait at most.
    """
    deadline = time.monotonic() + seconds
    while True:
        with blocked():
            if process.poll() is not None:
                return True
        if (left := deadline - time.monotonic()) <= 0:
            return False
        _doze(process.pid, left)


def _doze(pid: int, seconds: float) -> None:
    """Sleep until a child ends, where the system tells that; else for a moment."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, an old one, or it may not be asked
        time.sleep(min(seconds, _GLANCE_SECONDS))
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(min(seconds, _DOZE_SECONDS) * 1000)
    finally:
        os.close(descriptor)
