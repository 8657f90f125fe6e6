"""What a command is: a name, one line of help, a way to hang itself into the program, and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import typer

__all__ = ["Command"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the program; a file in `commands/` exports it as `COMMAND`."""

    name: str
    help: str
    """One imperative line."""
    register: Callable[[typer.Typer], None]
    """Adds the command, or a group of commands, to the program."""
    examples: tuple[str, ...] = ()
    """Command lines as users would type them; shown by `--help` and in the reference."""

    @classmethod
    def of(
        cls,
        function: Callable[..., object],
        *,
        name: str,
        help: str,  # noqa: A002 - the word users and typer know
        examples: tuple[str, ...] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Command:
        """A command that is one typer function.

        Args:
            function: its annotated parameters are the options and arguments.
            name: as typed.
            help: one imperative line; the function's docstring is for readers of the code.
            examples: command lines as users would type them.
            settings: typer's context settings, such as `{"allow_interspersed_args": False}` for a command
                that passes the rest of its line on.
        """

        def register(app: typer.Typer) -> None:
            app.command(name, help=help, epilog=cls.epilog(examples), context_settings=dict(settings or {}))(function)

        return cls(name=name, help=help, register=register, examples=examples)

    @staticmethod
    def epilog(examples: tuple[str, ...]) -> str:
        """The examples as the last paragraph of a help text."""
        # A lone backspace character tells the help formatter to keep the lines apart.
        return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples) if examples else ""
