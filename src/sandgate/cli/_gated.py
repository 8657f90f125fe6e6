"""A command through a gate of its own: start, run, end, verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from sandgate.cli._bar import progress_bar
from sandgate.cli._child import Signals, find_program, shell_status
from sandgate.cli._isolate import Cage, Isolation
from sandgate.cli._lines import show, warn
from sandgate.cli._options import read_config
from sandgate.cli._status import status_line
from sandgate.config.model import Config
from sandgate.core.interrupts import blocked
from sandgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from sandgate.run import Run

__all__ = ["gated", "refuse_inside", "run_gated"]


def run_gated(command: Sequence[str], overrides: Mapping[str, object], *, isolate: bool = False) -> int:
    """Run a command through a gate of its own, and print the summary.

    Args:
        command: program and arguments.
        overrides: options from the command line; `None` means not given.
        isolate: run it without the home, other processes and any network but the gate.

    Returns:
        The command's own status; sandgate's where the command was content and the run is not green.

    Raises:
        SandgateError: there is no such program, it cannot be isolated, or the gate did not start.
    """
    refuse_inside()
    config = read_config(**overrides)
    program = find_program(command[0], os.environ)
    isolation = Isolation.prepared(config, os.environ, program) if isolate else None

    def body(run: Run, signals: Signals) -> int:
        return _child(signals, command, run.environment(os.environ), isolation.of(run) if isolation else None)

    return gated(config, command, body, isolated=isolate)


def refuse_inside() -> None:
    """A run is not started within another one.

    Raises:
        UsageError: this process belongs to a run.
    """
    if os.environ.get("SANDGATE_RUN_DIR"):
        raise UsageError(
            "this shell already belongs to a run",
            hint='run the command itself, or leave the run first: `exit`, or `eval "$(sandgate env --clear)"`',
        )


def gated(
    config: Config, command: Sequence[str], body: Callable[[Run, Signals], int], *, isolated: bool = False
) -> int:
    """Do something through a gate of its own, and print the summary.

    Args:
        config: the configuration.
        command: what the receipt says that ran.
        body: does it, with the run; returns an exit status as `subprocess` has it.
        isolated: whether it runs without the home, other processes and any network but the gate.

    Returns:
        The body's own status; sandgate's where the body was content and the run is not green.

    Raises:
        SandgateError: the gate did not start, or the body could not go on.
    """
    from sandgate import session  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.finish import commit_of, end_at_once, finish  # noqa: PLC0415
    from sandgate.reports.summary import summary_lines  # noqa: PLC0415

    warn(config)
    with Signals() as signals:
        with status_line() as say:
            run = session.start(config, progress=say)
        began = time.monotonic()
        try:
            # Settings of git can name programs, so git is not asked about a tree that isolated code may have changed.
            checkout = commit_of(config.root) if isolated else None
            code = body(run, signals)
            tests_s = time.monotonic() - began
            with progress_bar() as bar:
                receipt = finish(
                    run,
                    command=command,
                    exit_status=code,
                    tests_s=tests_s,
                    interrupted=lambda: signals.interrupted,
                    isolated=isolated,
                    checkout=checkout,
                    keep=signals.hurried,
                    say=bar,
                )
        except BaseException:
            with blocked():  # who presses Ctrl-C once more is told too
                typer.echo(end_at_once(run), err=True)
            raise
        show(summary_lines(receipt), err=True)
    if signals.interrupted:
        return int(ExitCode.INTERRUPTED)
    if receipt.status is ExitCode.TESTS_FAILED:
        return shell_status(code) or int(ExitCode.TESTS_FAILED)
    return int(receipt.status)


def _child(signals: Signals, command: Sequence[str], environ: Mapping[str, str], cage: Cage | None) -> int:
    try:
        return signals.run(command, environ) if cage is None else cage.run(signals, command, environ)
    except OSError as error:  # a script without an interpreter, a program for another machine
        typer.echo(f"sandgate: cannot execute {command[0]!r}: {error.strerror}", err=True)
        return int(ExitCode.NOT_EXECUTABLE)
