"""A signal that comes between a child's start and our knowing of it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from sandgate.core.interrupts import held_back


def interrupted(done: list[str]) -> None:
    with held_back():
        signal.raise_signal(signal.SIGINT)
        done.append("in the block")
    done.append("behind it")


def broken() -> None:
    with held_back():
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError


def test_an_interruption_comes_when_the_block_is_over() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(done)
    assert done == ["in the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_ignored_or_not_ours_stays_so() -> None:
    got: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: got.append(number))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held_back():
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            assert got == []
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert got == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_other_threads_handle_no_signals_and_may_use_it_too() -> None:
    seen: list[object] = []

    def work() -> None:
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_an_error_in_the_block_comes_first() -> None:
    with pytest.raises(ZeroDivisionError):
        broken()
