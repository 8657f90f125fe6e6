"""Progress of a deployment: a list with one line per resource on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sandgate.stacks.model import Notice, Progress, StackEvent

__all__ = ["ResourceList", "stack_progress"]

_DONE, _FAILED, _WORKING = ("green", "✓"), ("red", "✗"), ("yellow", "…")


class ResourceList:
    """What is known of each resource so far; drawn anew at each event."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: dict[str, float] = {}
        self._rows: dict[str, tuple[StackEvent, float]] = {}
        self.notice = ""

    def add(self, event: StackEvent) -> None:
        """Take in one event."""
        began = self._began.setdefault(event.logical_id, self._now())
        self._rows[event.logical_id] = (event, self._now() - began)

    def __rich__(self) -> RenderableType:
        """The list, as rich draws it."""
        from rich.table import Table  # noqa: PLC0415 - only a terminal pays for it
        from rich.text import Text  # noqa: PLC0415

        table = Table.grid(padding=(0, 2))
        for name, (event, seconds) in self._rows.items():
            colour, sign = _look(event)
            told = event.reason if event.failed else event.status.replace("_", " ").lower()
            table.add_row(
                Text(sign, style=colour), Text(name), Text(event.type, style="dim"), Text(told, style=colour),
                Text(f"{seconds:.1f} s", style="dim"),
            )  # fmt: skip
        if self.notice and not self._rows:
            table.add_row(Text(_WORKING[1], style=_WORKING[0]), Text(self.notice))
        return table


def _look(event: StackEvent) -> tuple[str, str]:
    if event.failed:
        return _FAILED
    return _WORKING if event.status.endswith("_IN_PROGRESS") else _DONE


@contextmanager
def stack_progress(stream: TextIO | None = None) -> Iterator[tuple[Progress, Notice]]:
    """Give the two functions that a deployment tells.

    Args:
        stream: where to, standard error unless given.
    """
    out = stream or sys.stderr
    if not out.isatty():
        yield (lambda event: _line(out, event)), (lambda text: _write(out, text))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    shown = ResourceList()
    with Live(shown, console=Console(file=out), refresh_per_second=10, vertical_overflow="visible") as live:

        def notice(text: str) -> None:
            shown.notice = text
            if text.startswith("leaving out"):
                live.console.print(text)

        yield shown.add, notice


def _line(out: TextIO, event: StackEvent) -> None:
    reason = f": {event.reason}" if event.failed and event.reason else ""
    _write(out, f"{event.status} {event.logical_id} ({event.type}){reason}")


def _write(out: TextIO, text: str) -> None:
    out.write(f"{text}\n")
    out.flush()
