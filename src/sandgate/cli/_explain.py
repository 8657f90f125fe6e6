"""What is known about the failed calls of a run, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sandgate.core.log import read_log

__all__ = ["explanation_lines"]


def explanation_lines(directory: Path, run: str) -> Iterator[str]:
    """Each failure that is known, with cause and remedy; one line when none is.

    Args:
        directory: of the run.
        run: its id.
    """
    from sandgate.stories.explain import explain  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.stories.transcript import NAME  # noqa: PLC0415

    path = directory / NAME
    transcript = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = explain(read_log(directory / "events.jsonl"), run=run, transcript=transcript)
    if not found:
        yield f"sandgate explain {run}: no call of this run failed in a way that is known"
    for one in found:
        times = f", {one.count} times" if one.count > 1 else ""
        yield f"{one.call} failed with {one.code}{times}  [{one.name}]"
        yield from _labelled("cause", one.cause)
        yield from _labelled("remedy", one.remedy)


def _labelled(label: str, text: str) -> Iterator[str]:
    first, *rest = text.splitlines()
    yield f"  {label + ':':<8} {first}"
    yield from (f"           {line}" for line in rest)
