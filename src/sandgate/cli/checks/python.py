"""Which Python this is, and what is installed in it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version

from sandgate import __version__
from sandgate.cli.checks._model import Check, Facts, Finding, State

__all__ = ["CHECK"]


def _look(_facts: Facts) -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("boto3", "botocore"))
    yield Finding(state=State.OK, text=f"{platform.python_version()}, sandgate {__version__}, {packages}")


CHECK = Check(name="python", place=10, look=_look)
