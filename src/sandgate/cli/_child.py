"""A command as our child: signals reach it once, its status is told as shells tell it, and no Ctrl-C is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Protocol, Self

from sandgate.core.interrupts import ENDING, blocked
from sandgate.errors import NotExecutable, NotFound

__all__ = ["Child", "Launch", "Signals", "find_program", "shell_status"]

_PASSED_ON = (signal.SIGUSR1, signal.SIGUSR2)
"""They mean something to the command only."""
_MOST = 2
"""A command that was asked this often is killed the next time."""


class Child(Protocol):
    """A command that was started."""

    def poll(self) -> int | None:
        """Its return code as `subprocess` has it, `None` while it runs."""

    def kill(self) -> None:
        """End it at once."""

    def send(self, number: int, *, typed: bool) -> None:
        """Pass a signal on.

        Args:
            number: of the signal.
            typed: whether it came from the terminal, which sends it to all processes of its foreground group.
        """


Launch = Callable[[Sequence[str], Mapping[str, str]], Child]


def find_program(name: str, environ: Mapping[str, str]) -> str:
    """See whether a command can be run, before anything is started for it.

    Returns:
        The program's path.

    Raises:
        NotFound: there is no such program.
        NotExecutable: there is such a file, but it may not be executed.
    """
    if found := shutil.which(name, path=environ.get("PATH")):
        return found
    if os.sep in name and os.path.lexists(name):
        raise NotExecutable(f"cannot execute {name!r}", where="command line", hint=f"try `chmod +x {name}`")
    where = "the file does not exist" if os.sep in name else f"PATH={environ.get('PATH', '')}"
    raise NotFound(f"command not found: {name}", where=where, hint="everything after -- is one command, as typed")


def shell_status(code: int) -> int:
    """A return code of `subprocess` as shells write it: 128 and the number of the signal that ended it."""
    return 128 - code if code < 0 else code


class _Plain(subprocess.Popen[bytes]):
    """A child in our own process group: what the terminal sends, it gets by itself."""

    def send(self, number: int, *, typed: bool) -> None:
        if not typed:
            self.send_signal(number)


def _plainly(command: Sequence[str], environ: Mapping[str, str]) -> Child:
    return _Plain(command, env=environ)


class Signals:
    """Catches what asks a run to end, for as long as the run lasts.

    While the gate starts, a signal is a `KeyboardInterrupt`. While a command runs, it is the command's, and the command
    decides. The first one of a run, whenever it comes after that, lets the run end in order, which includes its sweep;
    the second one is a `KeyboardInterrupt` unless the command still runs. Signals that were ignored when we started
    (`nohup`, background jobs of scripts) stay ignored.
    """

    def __init__(self) -> None:
        self.count = 0
        """How often the run was asked to end."""
        self._patience = 0
        self._early: list[int] | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @property
    def interrupted(self) -> bool:
        """Whether the run was asked to end."""
        return self.count > 0

    @property
    def hurried(self) -> bool:
        """Whether it was asked more than once, so that nothing is swept now."""
        return self.count > 1

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self._early is not None:
            self._early.append(number)
        elif self._patience > 0:
            self._patience -= 1
        else:
            raise KeyboardInterrupt

    def run(self, command: Sequence[str], environ: Mapping[str, str], launch: Launch = _plainly) -> int:
        """Run a command to its end.

        Args:
            command: program and arguments.
            environ: its whole environment.
            launch: starts it; by default in our own process group.

        Returns:
            Its return code, negative for a signal.

        Raises:
            OSError: it cannot be started.
        """
        self._early = []
        try:
            return self._wait(launch(command, environ))
        finally:
            self._patience, self._early = int(not self.count), None

    def _wait(self, child: Child) -> int:
        watched = {*self._previous, *_PASSED_ON, signal.SIGCHLD}
        # Without a handler, some systems drop a SIGCHLD that is blocked.
        on_child = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        asked = 0
        try:
            with blocked(watched):
                for number in self._early or ():  # between the fork and here
                    child.send(number, typed=False)
                while (code := child.poll()) is None:
                    number, typed = _next(watched)
                    if number in ENDING:
                        self.count += 1
                        asked += 1
                    if asked > _MOST:
                        child.kill()
                    elif number != signal.SIGCHLD:
                        child.send(number, typed=typed)
                return code
        finally:
            signal.signal(signal.SIGCHLD, on_child)


def _next(watched: Iterable[int]) -> tuple[int, bool]:
    """The next signal, and whether the terminal sent it, which sends it to the whole process group by itself."""
    if hasattr(signal, "sigwaitinfo"):
        found = signal.sigwaitinfo(watched)
        return found.si_signo, found.si_code > 0
    # macOS does not say who sent it.
    number = signal.sigwait(watched)  # type: ignore[unreachable, unused-ignore]
    return number, number == signal.SIGINT and os.isatty(0)
