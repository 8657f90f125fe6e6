"""A signal that comes between a child's start and our knowing of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandgate.core.interrupts import blocked, come_again, ended_within, held_back


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


class LockThatIsInterrupted:
    """As when Ctrl-C comes in the moment in which a lock has just been taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.times = 0

    def acquire(self, *arguments: Any) -> bool:
        taken = self._lock.acquire(*arguments)
        self.times += 1
        if self.times == 1:
            signal.raise_signal(signal.SIGINT)
        return taken

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        assert self._lock.acquire(timeout=10), "left locked"

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """One that ends when its standard input does."""
    process = subprocess.Popen(
        (sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"), stdin=subprocess.PIPE
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("told", [True, False], ids=["told", "asked"])
def test_an_end_is_waited_for(child: subprocess.Popen[bytes], told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not told:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert not ended_within(child, 0.05)
    assert child.stdin is not None
    child.stdin.close()
    assert ended_within(child)
    assert child.returncode == 0
    assert ended_within(child, 0)


def test_who_waits_may_be_interrupted_and_wait_again(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = LockThatIsInterrupted()
    monkeypatch.setattr(child, "_waitpid_lock", lock)  # what `Popen` polls under
    with pytest.raises(KeyboardInterrupt):
        ended_within(child, 60)
    assert lock.times == 1
    child.kill()
    child.wait()


def test_a_signal_that_another_thread_takes_is_seen_too(child: subprocess.Popen[bytes]) -> None:
    def take() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # the handler runs in the main thread all the same

    began = time.monotonic()
    threading.Thread(target=take).start()
    with pytest.raises(KeyboardInterrupt):
        ended_within(child, 60)
    assert time.monotonic() - began < 30


def test_one_that_comes_as_the_others_are_blocked_waits_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sigmask, calls, done = signal.pthread_sigmask, [], []

    def interrupted_once(how: int, numbers: Any) -> Any:
        calls.append(how)
        before = sigmask(how, numbers)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return before

    def work() -> None:
        with blocked():
            done.append(signal.SIGINT in sigmask(signal.SIG_BLOCK, ()))

    monkeypatch.setattr(signal, "pthread_sigmask", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]
    assert signal.SIGINT not in sigmask(signal.SIG_BLOCK, ())


class Fleeting:
    """Something that is interrupted as it goes."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def let_go() -> None:
    fleeting = Fleeting()
    del fleeting
    time.sleep(60)


def test_an_interruption_that_a_finalizer_swallows_comes_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", come_again)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        let_go()
    assert time.monotonic() - began < 30
    assert capfd.readouterr().err == ""


def test_it_comes_when_nobody_can_swallow_it_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    started = threading.Thread.start

    def slowly(thread: threading.Thread) -> None:
        started(thread)
        time.sleep(0.3)  # a busy machine

    monkeypatch.setattr(threading.Thread, "start", slowly)
    monkeypatch.setattr(sys, "unraisablehook", come_again)
    with pytest.raises(KeyboardInterrupt):
        let_go()
    assert capfd.readouterr().err == ""


class Broken:
    """Something that cannot go."""

    def __del__(self) -> None:
        raise ZeroDivisionError


def test_other_errors_of_finalizers_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", come_again)
    broken = Broken()
    del broken
    assert "ZeroDivisionError" in capsys.readouterr().err
