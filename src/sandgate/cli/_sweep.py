"""Sweeping from the command line: which runs, the plan, the question, the bar, and what it came to."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from sandgate.cli._ages import age_text
from sandgate.cli._bar import progress_bar
from sandgate.cli._plans import left_lines, plan_json, plan_lines, swept_json
from sandgate.cli._runs import run_lines
from sandgate.cli._shared import brought
from sandgate.cli._status import status_line
from sandgate.errors import EnvironmentFault, ExitCode, RunError, SandgateError, UsageError

if TYPE_CHECKING:
    from sandgate.past import Past
    from sandgate.run import Run
    from sandgate.sweep.others import Others
    from sandgate.sweep.work import Swept

__all__ = ["How", "Report", "agreed", "carry_out", "check_can_ask", "pick", "sweep_all"]

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOPPING = "sandgate: stopping after what is in flight; once more stops at once\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What was typed beside the names of runs."""

    dry_run: bool
    yes: bool
    json: bool
    forget: bool = False
    """Whether runs let go of what stays."""

    def say(self, lines: Iterable[str]) -> None:
        """Tell a person; programs read the one object at the end."""
        if not self.json:
            for line in lines:
                typer.echo(line)


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it, over all runs."""

    runs: list[dict[str, object]] = field(default_factory=list)
    closed: list[dict[str, object]] = field(default_factory=list)
    left_out: list[dict[str, object]] = field(default_factory=list)
    failures: list[ExitCode] = field(default_factory=list)
    removed: int = 0
    left: int = 0
    not_looked: int = 0
    """Types that could not be listed, of which nobody knows what there is."""
    halted: bool = False

    def fail(self, told: dict[str, object], error: SandgateError) -> None:
        """Take note that a run could not be swept, and say so.

        Args:
            told: what programs hear of the run.
            error: why not.
        """
        self.failures.append(error.exit_code)
        told["error"] = error.message
        if told not in self.runs:
            self.runs.append(told)
        typer.echo(f"sandgate: {told['run']} is not swept: {error}", err=True)

    @property
    def nothing(self) -> str:
        """What is to be said when no run was picked."""
        count = len(self.failures)
        if not count:
            return "nothing to sweep"
        return f"nothing was swept: what {'a run owns' if count == 1 else f'{count} runs own'} is not known"

    @property
    def status(self) -> ExitCode:
        """The worst of it."""
        if self.halted:
            return ExitCode.INTERRUPTED
        if self.failures:
            return self.failures[0]
        return ExitCode.LEFTOVERS if self.left or self.not_looked else ExitCode.OK

    def to_json(self) -> dict[str, object]:
        """For programs."""
        lists = {"runs": self.runs, "closed": self.closed, "left_out": self.left_out}
        return {"schema": 1, "status": int(self.status), **lists}


def check_can_ask(how: How) -> None:
    """See whether somebody can answer before anything is removed.

    Raises:
        UsageError: nobody can, and nobody has agreed beforehand.
    """
    if how.yes or how.dry_run:
        return
    if how.json:
        raise UsageError("--json asks nothing", hint="add --yes to sweep, or --dry-run to see the plan")
    if not sys.stdin.isatty():
        raise UsageError(
            "standard input is no terminal, so nobody can be asked whether to sweep",
            hint="add --yes to sweep without a question, or --dry-run to see the plan",
        )


def agreed(count: int, how: How) -> bool:
    """Whether so many resources may be removed."""
    return how.yes or typer.confirm(f"  remove {count} resource{'' if count == 1 else 's'}?")


def pick(runs: Sequence[Past], *, named: bool, older_than: float, now: float, report: Report, how: How) -> list[Past]:
    """The runs to sweep; what is left out is told.

    Args:
        runs: those that were named, or all.
        named: whether they were.
        older_than: seconds; younger ones are left out.
        now: seconds since 1970.
        report: gets what is left out.
        how: who listens.

    Raises:
        UsageError: a run that was named lives.
        RunError: the ledger of one that was named cannot be read.
    """
    found = []
    for past in runs:
        reason = _reason_against(past, older_than, now)
        if named and past.live:
            raise UsageError(
                f"the run {past.id} {'is being swept' if past.being_swept else 'lives, and a live run is never swept'}",
                hint="end it first: `sandgate stop` for one of `sandgate start`, else end its command",
            )
        if named and past.failure:
            raise RunError(past.failure, where=str(past.directory))
        if not past.live and past.failure:
            report.failures.append(ExitCode.RUN)
        if reason:
            report.left_out.append({"run": past.id, "why": reason})
            how.say([f"{past.id}: left out, {reason}"])
        elif past.alive:
            found.append(past)
        elif named:
            how.say([f"{past.id}: owns nothing"])
    return found


def _reason_against(past: Past, older_than: float, now: float) -> str:
    if past.live:
        return "it is being swept" if past.being_swept else "it lives"
    if past.failure:
        return past.failure
    if past.alive and now - past.began < older_than:
        return f"it is only {age_text(now - past.began)} old"
    return ""


def sweep_all(
    picked: Sequence[Past], *, now: float, report: Report, how: How, known: Sequence[Past] | None = None
) -> None:
    """Sweep runs one after the other, each through a gate of its own; one that fails does not stop the others.

    Args:
        picked: to sweep.
        now: seconds since 1970.
        report: gets what came of it.
        how: who listens.
        known: runs of this machine and of others; those of the project where None is given.
    """
    from sandgate.past import close_with_upstream  # noqa: PLC0415 - `--help` must not pay for it

    for past in picked:
        if past.gone_with_upstream:
            try:
                count = len(past.alive) if how.dry_run else close_with_upstream(past)
            except SandgateError as error:
                report.fail({"run": past.id, "tier": past.tier}, error)
                continue
            report.closed.append({"run": past.id, "held": count})
            word = "would be closed" if how.dry_run else "closed"
            how.say([f"{past.id}: {word}, its upstream has ended, and the {count} that it held with it"])
    for past in picked:
        if not past.gone_with_upstream and not report.halted:
            _sweep_one(past, now, report, how, known)


def _sweep_one(past: Past, now: float, report: Report, how: How, known: Sequence[Past] | None) -> None:
    from sandgate.past import others_for  # noqa: PLC0415
    from sandgate.sweeping import opened, plan_sweep  # noqa: PLC0415

    told: dict[str, object] = {"run": past.id, "tier": past.tier}
    if past.machine:
        told["machine"] = past.machine
    report.runs.append(told)
    how.say(run_lines(past, now=now, each=False))
    try:
        with ExitStack() as gate:
            with status_line() as say:
                run = gate.enter_context(opened(brought(past), progress=say))
            others = others_for(run, known)
            steps = plan_sweep(run, others=others)
            told["plan"] = plan_json(steps)
            how.say(plan_lines(steps, everything=how.dry_run))
            count = sum(step.what == "remove" for step in steps)
            if how.dry_run:
                return
            if count and not agreed(count, how):
                report.left += count
                return
            told |= carry_out(run, report, how, others=others)
    except SandgateError as error:
        report.fail(told, error)
    except OSError as error:
        why = error.strerror or type(error).__name__
        report.fail(told, EnvironmentFault(f"its folder cannot be written: {why}", where=str(past.directory)))


def carry_out(run: Run, report: Report, how: How, *, others: Others | None = None) -> dict[str, object]:
    """Sweep a run whose gate lives.

    Args:
        run: the run.
        report: gets what it came to.
        how: who listens.
        others: what other runs have to do with it; those of the project where None is given.

    Returns:
        The outcome for programs.
    """
    from sandgate.sweeping import forget, sweep  # noqa: PLC0415

    halt = threading.Event()
    with _halting(halt), progress_bar() as bar:
        swept = sweep(run, others=others, bar=bar, halt=halt)
    report.removed += len(swept.removed)
    report.halted = swept.halted
    how.say([f"  removed {len(swept.removed)}"])
    how.say(left_lines(swept))
    if _lets_go(swept, how):
        forget(run, swept.left)
        how.say([f"  forgotten {len(swept.left)}: no run owns that any more"])
        return {**swept_json(swept), "forgotten": True}
    report.left += len(swept.left)
    if swept.halted:
        typer.echo(f"sandgate: stopped; `sandgate sweep {run.id}` goes on with it", err=True)
    return swept_json(swept)


def _lets_go(swept: Swept, how: How) -> bool:
    """Whether a person takes what stays."""
    if not how.forget or not swept.left or swept.halted:
        return False
    return how.yes or typer.confirm(f"  forget {len(swept.left)}, and look after it yourself?")


@contextmanager
def _halting(halt: threading.Event) -> Iterator[None]:
    """The first signal that asks for an end lets what is in flight finish; the second one does not."""

    def arrived(_number: int, _frame: object) -> None:
        if halt.is_set():
            raise KeyboardInterrupt
        halt.set()
        os.write(2, _STOPPING.encode())  # a handler may come in the midst of another write

    previous: dict[int, Any] = {
        number: signal.signal(number, arrived) for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
