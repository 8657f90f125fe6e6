"""The program `sandgate`: finds its commands, runs one, and says in words what went wrong."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, TextIO

import typer

from sandgate import __version__
from sandgate.cli._model import Command
from sandgate.cli._outputs import check_outputs, prepare_outputs
from sandgate.core.interrupts import come_again
from sandgate.core.registry import discover
from sandgate.errors import EnvironmentFault, ExitCode, SandgateError

__all__ = ["build", "commands", "main", "run"]

# Newer typer carries its own copy of click, so click's classes are reached through the name typer exports.
_COMMAND_LINE_ERROR = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def main() -> None:
    """Run the program with this process's arguments; never returns."""
    sys.unraisablehook = come_again
    prepare_outputs()
    try:
        status = _finished(run(sys.argv[1:]))
    except KeyboardInterrupt:  # on the way out
        status = int(ExitCode.INTERRUPTED)
    # All that is left is the interpreter's own end, which has nothing to interrupt.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # CPython notes an interruption within the execution of a text, which is how dataclasses are made, and would end by
    # SIGINT though the interruption has been handled. A text that ends well makes it forget.
    exec("")  # noqa: S102
    gc.freeze()  # all of it goes: to look first for what is garbage would be a quarter of a short command
    raise SystemExit(status)


def run(arguments: Sequence[str], *, stderr: TextIO | None = None, system: str = os.name) -> int:
    """Run the program.

    Args:
        arguments: the command line without the program's name.
        stderr: where errors are written.
        system: `os.name` of the machine.

    Returns:
        The exit status, see `ExitCode`.
    """
    errors = stderr or sys.stderr
    try:
        _supported(system)
        status = build(*arguments[:1])(args=list(arguments), prog_name="sandgate", standalone_mode=False)
    except SandgateError as error:
        _say(errors, error.message, where=error.where, hint=error.hint)
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return int(ExitCode.INTERRUPTED)
    except Exception as error:
        if not isinstance(error, _COMMAND_LINE_ERROR):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
            errors.write(f"{_shown(error).rstrip()}\n")
            return int(ExitCode.USAGE)
        _say(errors, _shown(error), hint=f"`{_path(error)} --help` lists what there is")
        return int(ExitCode.USAGE)
    return status if isinstance(status, int) else int(ExitCode.OK)


def _finished(status: int) -> int:
    """The status, or another where what was printed cannot be written."""
    try:
        check_outputs()
    except SandgateError as error:
        _say(sys.stderr, error.message, where=error.where, hint=error.hint)
        return status or int(error.exit_code)
    return status


def commands(only: str = "") -> dict[str, Command]:
    """Every command by name; where `only` is the name of one, that one."""
    return dict(discover("sandgate.cli.commands", "COMMAND", Command, only=only))


def build(only: str = "") -> typer.Typer:
    """The program with all its commands; where `only` is the name of one, with that one, which loads faster."""
    app = typer.Typer(
        name="sandgate",
        help="The gate to your AWS sandbox: one integration-test suite, embedded or real, proven and clean.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_program)
    for command in commands(only).values():
        command.register(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"sandgate {__version__}")
        raise typer.Exit


def _program(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before the command."""


def _supported(system: str) -> None:
    if system == "nt":
        raise EnvironmentFault(
            "sandgate does not run on Windows itself",
            hint="run it inside WSL: https://learn.microsoft.com/windows/wsl/install",
        )


def _shown(error: Exception) -> str:
    """The parser's message, with its suggestion of the nearest command or option."""
    return str(error.format_message()) if hasattr(error, "format_message") else str(error)


def _path(error: Exception) -> str:
    """The command whose arguments are wrong, as typed."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else "sandgate"


def _say(stream: TextIO, message: str, where: str = "", hint: str = "") -> None:
    """One error for a person: what, where, what to do; coloured only on a terminal that wants it."""
    colour = stream.isatty() and "NO_COLOR" not in os.environ

    def label(word: str, shade: str) -> str:
        return typer.style(word, fg=shade, bold=True) if colour else word

    stream.write(f"{label('error:', typer.colors.RED)} {message}\n")
    if where:
        stream.write(f"{label('where:', typer.colors.BLUE)} {where}\n")
    if hint:
        stream.write(f"{label('hint:', typer.colors.GREEN)}  {hint}\n")
    stream.flush()
