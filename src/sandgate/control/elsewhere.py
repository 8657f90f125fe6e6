"""Calls of SDKs that went to another target than the gate, as the processes of a run have seen them.

Whoever sees one appends a line to a file in the run directory, before the call is sent: `node_preload.cjs` in every
process of Node.js, the plugin's hook of botocore in pytest. A file and no message, since a process may end, or be
killed, before an answer; a line goes out in one write, so that many may append.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["NODE_PRELOAD", "Sighting", "seen", "tell"]

NODE_PRELOAD = Path(__file__).with_name("node_preload.cjs")
"""What Node.js loads before anything else."""

_NAME = "elsewhere.jsonl"
_MOST = 1 << 20
"""Bytes that are read: the file is the tests' to write, isolated ones too."""
_HOST = re.compile(r"[A-Za-z0-9_.:%/-]{1,260}")
_WORD = re.compile(r"[A-Za-z0-9.-]{0,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One place that an SDK was asked to reach."""

    host: str
    """With its port; `unix:` and the path of a socket."""
    by: str
    """Who saw it: `Node.js` or `botocore`."""
    service: str = ""
    """Name that the call was signed for; empty where it was not signed."""


def tell(directory: Path, sightings: Iterable[Sighting]) -> None:
    """Append to the file of a run.

    Args:
        directory: of the run.
        sightings: new ones.
    """
    text = "".join(f"{json.dumps(asdict(sighting))}\n" for sighting in sightings)
    if not text:
        return
    descriptor = os.open(
        directory / _NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())


def seen(directory: Path) -> tuple[Sighting, ...]:
    """What was seen in a run, each once, in order; a line that is none of ours is left out.

    Args:
        directory: of the run, or what stands for it inside of an isolated one.
    """
    try:
        descriptor = os.open(directory / _NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ()
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ()
        lines = file.read(_MOST).decode("utf-8", "replace").splitlines()
    return tuple(dict.fromkeys(found for line in lines if (found := _read(line)) is not None))


def _read(line: str) -> Sighting | None:
    try:
        values = json.loads(line)
        sighting = Sighting(host=values["host"], by=values["by"], service=values["service"])
        clean = _HOST.fullmatch(sighting.host) and all(map(_WORD.fullmatch, (sighting.by, sighting.service)))
    except (ValueError, KeyError, TypeError):
        return None
    return sighting if clean else None
