"""This machine's clock against that of AWS, which takes signatures for five minutes."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._aws import who
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.errors import EnvironmentFault

__all__ = ["CHECK"]

_MOST, _MUCH = 300.0, 60.0
"""Seconds; the first as in "Troubleshoot Signature Version 4 signing for AWS API requests", IAM User Guide."""


def _look(facts: Facts) -> Iterator[Finding]:
    skew = facts.once(who).skew
    if skew is None:
        raise EnvironmentFault("the answer had no date")
    ahead = "ahead of" if skew > 0 else "behind"
    text = f"{abs(skew):.0f} s {ahead} AWS's"
    if abs(skew) > _MOST:
        yield Finding(state=State.MEND, text=f"{text}: AWS refuses signatures", remedy="switch time synchronisation on")
    elif abs(skew) > _MUCH:
        yield Finding(state=State.NOTE, text=text, remedy="switch time synchronisation on")
    else:
        yield Finding(state=State.OK, text="agrees with AWS's to the second" if abs(skew) < 2 else text)  # noqa: PLR2004


CHECK = Check(name="clock", place=80, look=_look, only_real=True, asks="AWS for the time")
