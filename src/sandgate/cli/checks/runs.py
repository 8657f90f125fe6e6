"""Runs of this project that have ended and still own something."""

from __future__ import annotations

from collections.abc import Iterator

from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.errors import EnvironmentFault

__all__ = ["CHECK"]


def _look(facts: Facts) -> Iterator[Finding]:
    from sandgate.cli._runs import runs_of, state_of  # noqa: PLC0415 - `--help` must not pay for the ledger

    try:
        known = runs_of(facts.here)
    except EnvironmentFault as error:
        yield Finding(state=State.MEND, text=f"{error.where}: {error.message}", remedy=error.hint)
        return
    broken = [past for past in known if past.failure and not past.live]
    for past in broken:
        text = f"the ledger of {past.id} cannot be read: {past.failure}"
        yield Finding(state=State.MEND, text=text, remedy="`sandgate status` says more")
    dead = [past for past in known if not past.live and not past.gone_with_upstream and past.alive]
    for past in dead:
        text = f"{past.id} on {past.tier}, {state_of(past)}, still owns {len(past.alive)}"
        yield Finding(state=State.MEND, text=text, remedy=f"sandgate sweep {past.id}")
    if not dead and not broken:
        live = sum(past.live for past in known)
        yield Finding(state=State.OK, text=f"{len(known)} known, {live} live, none that has ended owns anything")


CHECK = Check(name="runs", place=140, look=_look)
