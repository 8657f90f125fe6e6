"""Lines for a terminal: at most 80 columns, and nothing in them that moves a cursor."""

from __future__ import annotations

from textwrap import wrap

__all__ = ["WIDTH", "cut", "plain", "wrapped"]

WIDTH = 80


def wrapped(text: str, start: str) -> list[str]:
    """Lines of at most 80 columns, but nothing that somebody may copy is torn: an ARN, a test id.

    Args:
        text: what is said.
        start: what the first line begins with; the others are indented by two more.
    """
    return wrap(
        plain(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * (len(start) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(text: str) -> str:
    """What cannot move a terminal's cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)


def cut(line: str, width: int = WIDTH) -> str:
    """The line, or as much of it as there is room for."""
    return line if len(line) <= width else line[: width - 1] + "…"
