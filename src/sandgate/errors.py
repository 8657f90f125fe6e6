"""The error tree: what was wrong, where, what would be right, and the exit status that says so.

    SandgateError
    ├── UsageError          2   the command line asks for something that does not exist
    ├── ConfigError         3   a configuration file, env file or variable holds a wrong value
    ├── PolicyError         3   an IAM policy document is malformed
    ├── EnvironmentFault    4   the machine lacks something: network, disk, a tool, the emulator
    ├── StackError          5   a template or a deployment failed
    ├── RunError            6   the run itself broke: gate or upstream died
    ├── NotExecutable     126   the command to run cannot be executed
    └── NotFound          127   the command to run does not exist

User mistakes and faults of the environment are these; anything else that is raised is a bug of sandgate.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "ConfigError",
    "EnvironmentFault",
    "ExitCode",
    "NotExecutable",
    "NotFound",
    "PolicyError",
    "RunError",
    "SandgateError",
    "StackError",
    "UsageError",
]


class ExitCode(IntEnum):
    """Every exit status that a sandgate command can end with, beside that of the command it ran."""

    OK = 0
    """All is well."""
    TESTS_FAILED = 1
    """Tests failed."""
    USAGE = 2
    """The command line asks for something that does not exist."""
    CONFIG = 3
    """A configuration file, env file or variable holds a wrong value."""
    ENVIRONMENT = 4
    """The machine lacks something that the run needs: network, disk, a tool, the emulator."""
    STACK = 5
    """A template cannot be packaged, or its deployment failed."""
    RUN = 6
    """The gate or its upstream died, or does not answer."""
    EMPTY_RUN = 7
    """Green tests that proved nothing: not all ran, some that must not were skipped, or no call reached the tier."""
    LEFTOVERS = 8
    """Tests left resources behind, or a sweep could not remove some."""
    REFUSED = 9
    """Green tests, but the gate refused calls that no test expected to be refused."""
    MEND = 10
    """`sandgate doctor` found something that must be mended."""
    UNPROVEN = 11
    """No receipt proves what was asked for."""
    ELSEWHERE = 12
    """Green tests, but an SDK was asked to reach another target than the gate."""
    NOT_EXECUTABLE = 126
    """The command to run exists, but cannot be executed."""
    NOT_FOUND = 127
    """The command to run does not exist."""
    INTERRUPTED = 130
    """Ctrl-C, or a signal that asked the run to end."""


class SandgateError(Exception):
    """An error that a person can act on.

    Args:
        message: what was wrong, one sentence, no secrets.
        where: file and key, option, variable or resource that holds the wrong value.
        hint: what would be right, or the command that mends it.
    """

    exit_code: ExitCode = ExitCode.RUN

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """The message, then where and hint on lines of their own."""
        lines = [self.message]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  hint:  {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword-only arguments do not survive pickling by themselves; xdist pickles exceptions."""
        return (_rebuild, (type(self), self.message, self.where, self.hint))


def _rebuild(kind: type[SandgateError], message: str, where: str, hint: str) -> SandgateError:
    return kind(message, where=where, hint=hint)


class UsageError(SandgateError):
    """The command line asks for something that does not exist."""

    exit_code = ExitCode.USAGE


class ConfigError(SandgateError):
    """A configuration file, env file or variable holds a wrong value."""

    exit_code = ExitCode.CONFIG


class PolicyError(SandgateError):
    """An IAM policy document is malformed; `where` is the file and the path inside the document."""

    exit_code = ExitCode.CONFIG


class EnvironmentFault(SandgateError):
    """The machine lacks something that the run needs."""

    exit_code = ExitCode.ENVIRONMENT


class StackError(SandgateError):
    """A template cannot be packaged, or its deployment failed."""

    exit_code = ExitCode.STACK


class RunError(SandgateError):
    """The gate or its upstream died, or does not answer."""

    exit_code = ExitCode.RUN


class NotExecutable(SandgateError):
    """The command to run exists, but cannot be executed; shells end with this status too."""

    exit_code = ExitCode.NOT_EXECUTABLE


class NotFound(SandgateError):
    """The command to run does not exist; shells end with this status too."""

    exit_code = ExitCode.NOT_FOUND
