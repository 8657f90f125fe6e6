"""How far a sweep is: a bar on a terminal, a plain line each second elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from sandgate.reports.lines import sweep_lines

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(stream: TextIO | None = None) -> Iterator[Callable[[int, int], None]]:
    """Give a function that is told how many of how many are done; nothing is shown before it is told anything.

    Args:
        stream: where to, standard error unless given.
    """
    out = stream or sys.stderr
    if not out.isatty():
        yield sweep_lines(lambda line: print(line, end="", file=out, flush=True))
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
