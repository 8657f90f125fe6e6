"""Options about what emulators are too quick for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandgate.config.checks import MOST_SECONDS
from sandgate.config.declare import option
from sandgate.config.env_options import EnvOptions
from sandgate.core.registry import case_names, nearest

__all__ = ["EVERY_TIMING", "FaultOptions", "timing_entries"]

EVERY_TIMING = "aws"
"""Stands for all of them."""
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def timing_entries(value: str) -> Mapping[str, float | None]:
    """What the option says: name to seconds, None where it leaves those to the timing.

    Args:
        value: names with commas between them, each with `=SECONDS` where it is to last otherwise.

    Raises:
        ValueError: it says something else.
    """
    found: dict[str, float | None] = {}
    known = (EVERY_TIMING, *case_names("sandgate.faults.timings"))
    for entry in filter(None, (part.strip() for part in value.split(","))):
        name, given, seconds = (part.strip() for part in entry.partition("="))
        if name not in known:
            close = nearest(name, known)
            raise ValueError(f"knows no {name!r}; {f'did you mean {close!r}?' if close else f'known: {known}'}")
        if name in found:
            raise ValueError(f"names {name!r} twice")
        if given and not _SECONDS.fullmatch(seconds):
            raise ValueError(f"must be seconds after {name}=, not {seconds!r}")
        if given and float(seconds) > MOST_SECONDS:
            raise ValueError(f"must be at most {MOST_SECONDS:.0f} seconds after {name}=, not {seconds!r}")
        found[name] = float(seconds) if given else None
    return found


def _timing(value: str) -> str:
    try:
        timing_entries(value)
    except ValueError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOptions(EnvOptions):
    """The values of these options, after those about env files."""

    timing: str = option(
        "",
        check=_timing,
        command_line=True,
        doc="What emulators do at once and AWS does not: `aws` simulates all of it, or names with commas between them, "
        "such as `table-creating,queue-name-reuse`; `=SECONDS` behind a name says how long. Tiers of emulators only.",
    )
