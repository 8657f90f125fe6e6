"""Lines for a terminal: at most 80 columns, and nothing in them that moves a cursor."""

from __future__ import annotations

import time
from collections.abc import Callable
from textwrap import wrap

__all__ = ["WIDTH", "cut", "plain", "sweep_lines", "wrapped"]

WIDTH = 80
_SECOND = 1.0


def sweep_lines(
    write: Callable[[str], object], now: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """A function that says how far a sweep is, where no bar can be drawn: once a second, so that quick ones are silent.

    Args:
        write: takes a line.
        now: seconds, by a clock that does not jump.
    """
    said = now()

    def show(done: int, total: int) -> None:
        nonlocal said
        if now() - said >= _SECOND:
            said = now()
            write(f"sandgate: swept {done} of {total}\n")

    return show


def wrapped(text: str, start: str) -> list[str]:
    """Lines of at most 80 columns, but nothing that somebody may copy is torn: an ARN, a test id.

    A text of several lines keeps them.

    Args:
        text: what is said.
        start: what the first line begins with; the others are indented by two more.
    """
    deeper = " " * (len(start) + 2)
    found = []
    for number, line in enumerate(text.split("\n")):
        found += wrap(
            plain(line.strip() if number else line),
            WIDTH,
            initial_indent=deeper if number else start,
            subsequent_indent=deeper,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found


def plain(text: str) -> str:
    """What cannot move a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cut(line: str, width: int = WIDTH) -> str:
    """The line, or as much of it as there is room for."""
    return line if len(line) <= width else line[: width - 1] + "…"
