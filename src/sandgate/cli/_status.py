"""Progress of what takes longer than a second: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["status_line"]


@contextmanager
def status_line(first: str = "starting the gate") -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is happening now.

    Args:
        first: what is shown until it is called.

    On a terminal it is one live line that disappears; elsewhere a line is printed only once it has been the state
    of things for a second, so that quick starts stay silent.
    """
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 - a terminal pays for it, a pipe does not

        console = Console(stderr=True)
        with console.status(first) as status:
            yield status.update
        return
    began = time.monotonic()

    def say(text: str) -> None:
        if "environment" in text or "installing" in text or time.monotonic() - began > 1:
            sys.stderr.write(f"sandgate: {text}\n")
            sys.stderr.flush()

    yield say
