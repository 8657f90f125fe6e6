"""The program's first step, for `sandgate` and `python -m sandgate` alike."""

from __future__ import annotations

# What `signal` is made of, and part of the interpreter: `signal` itself loads `enum`, and an interruption of that would
# be a traceback.
import _signal  # type: ignore[import-not-found, unused-ignore]
import gc

__all__ = ["main"]

_GC_THRESHOLD = 100_000
"""Objects: what is loaded is no garbage, and looking through it again and again is a tenth of a start."""


def main() -> None:
    """Run the program with this process's arguments; never returns.

    Loading it takes a moment in which nothing has begun: until then Ctrl-C ends the process without a word, as it ends
    programs that are not written in Python.
    """
    gc.set_threshold(_GC_THRESHOLD)
    ours = _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler  # not in a script's background job
    if ours:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from sandgate.cli.main import main as program  # noqa: PLC0415

    if ours:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    program()


if __name__ == "__main__":
    main()
