"""How far a sweep is: a bar on a terminal, a plain line each second elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["progress_bar"]

_SECOND = 1.0


@contextmanager
def progress_bar(
    stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told how many of how many are done; nothing is shown before it is told anything.

    Args:
        stream: where to, standard error unless given.
        now: seconds, by a clock that does not jump.
    """
    out = stream or sys.stderr
    if not out.isatty():
        yield _lines(out, now)
        return
    from rich.console import Console  # noqa: PLC0415 - a terminal pays for it, a pipe does not
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("sweeping"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(file=out), transient=True)
    task = bar.add_task("", total=None)

    def show(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()


def _lines(out: TextIO, now: Callable[[], float]) -> Callable[[int, int], None]:
    said = now()

    def show(done: int, total: int) -> None:
        nonlocal said
        if now() - said >= _SECOND:
            said = now()
            out.write(f"sandgate: swept {done} of {total}\n")
            out.flush()

    return show
