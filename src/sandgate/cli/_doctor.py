"""Every check at once, and what they found on one screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import typer

from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.errors import SandgateError
from sandgate.reports.lines import plain, wrapped

__all__ = ["Result", "as_json", "examine", "lines", "must_be_mended"]

_SECONDS = 20.0
"""That a check may take; one that asks over the network gives up sooner by itself."""
_SAY_SECONDS = 1.0
_MARKS: Mapping[State, tuple[str, str | None]] = MappingProxyType(
    {
        State.OK: ("ok  ", typer.colors.GREEN),
        State.NOTE: ("note", typer.colors.YELLOW),
        State.MEND: ("MEND", typer.colors.RED),
        State.UNKNOWN: ("?   ", typer.colors.CYAN),
    }
)
_TITLE = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A check, and what it found."""

    check: Check
    findings: tuple[Finding, ...]


def examine(
    checks: Iterable[Check], facts: Facts, *, say: Callable[[str], None], seconds: float = _SECONDS
) -> tuple[Result, ...]:
    """Look at everything at once.

    Args:
        checks: those that are about this tier.
        facts: what they look at.
        say: is told what is still awaited.
        seconds: that all of them may take together.

    Returns:
        Results in the order of the screen; one that took too long is a finding too.
    """
    chosen = sorted((check for check in checks if facts.real or not check.only_real), key=lambda check: check.place)
    found: dict[str, tuple[Finding, ...]] = {}

    def run(check: Check) -> None:
        found[check.name] = _look(check, facts)

    # Daemons: a resolver that hangs must not keep the program from ending.
    threads = {check.name: threading.Thread(target=run, args=(check,), daemon=True) for check in chosen}
    until = time.monotonic() + seconds
    for thread in threads.values():
        thread.start()
    for check in chosen:
        threads[check.name].join(_SAY_SECONDS)
        if threads[check.name].is_alive():
            say(f"asking {check.asks}" if check.asks else f"looking at {check.name}")
        threads[check.name].join(max(0.0, until - time.monotonic()))
    late = (Finding(state=State.UNKNOWN, text=f"no answer within {seconds:.0f} s"),)
    return tuple(Result(check=check, findings=found.get(check.name, late)) for check in chosen)


def _look(check: Check, facts: Facts) -> tuple[Finding, ...]:
    try:
        return tuple(check.look(facts))
    except SandgateError as error:
        return (Finding(state=State.UNKNOWN, text=error.message, remedy=error.hint),)


def must_be_mended(results: Iterable[Result]) -> bool:
    """Whether anything must be."""
    return any(finding.state is State.MEND for result in results for finding in result.findings)


def lines(results: Sequence[Result], *, colour: bool) -> Iterator[str]:
    """The screen, 80 columns wide."""
    for result in results:
        for finding in result.findings:
            mark, shade = _MARKS[finding.state]
            start = f"{mark}  {result.check.name:<{_TITLE}}"
            # Wrapped without its mark, whose colour has a length of its own.
            first, *rest = _block(finding.text, " " * len(start))
            yield (typer.style(mark, fg=shade) if colour else mark) + start[len(mark) :] + first[len(start) :]
            yield from rest
            if finding.remedy:
                yield from _block(f"-> {finding.remedy}", " " * len(start))
    yield _summary(results)


def _block(text: str, indent: str) -> list[str]:
    return [indent + line.strip() for line in wrapped(text, indent)]


def _summary(results: Iterable[Result]) -> str:
    states = [finding.state for result in results for finding in result.findings]
    mend, unknown = states.count(State.MEND), states.count(State.UNKNOWN)
    if not mend and not unknown:
        return "all is well"
    said = f"{mend} to mend" if mend else "nothing to mend"
    return said + (f", {unknown} not looked at" if unknown else "")


def as_json(results: Iterable[Result], facts: Facts, status: int) -> dict[str, object]:
    """The same for programs."""
    listed = [
        {"check": result.check.name, "state": str(one.state), "text": plain(one.text), "remedy": plain(one.remedy)}
        for result in results
        for one in result.findings
    ]
    return {
        "schema": 1,
        "status": status,
        "tier": facts.config.tier,
        "asked": facts.config.asked_tier,
        "findings": listed,
    }
