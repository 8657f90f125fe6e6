"""What the functions behind an API said when it answered with a 5xx, for the report of the test that failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandgate.errors import SandgateError
from sandgate.pytest_plugin.state import ServerError
from sandgate.stacks.logs import tail
from sandgate.stacks.model import Clients

__all__ = ["log_sections"]

_SLACK = 1.0
"""Seconds by which the clocks of tests and functions may differ."""


def log_sections(clients: Clients, errors: Iterable[ServerError]) -> Iterator[tuple[str, str]]:
    """Title and text of a report's section for each answer.

    Args:
        clients: as somebody who may read logs.
        errors: the answers.
    """
    for error in errors:
        said = [block for name in error.functions if (block := _said(clients, name, error.since))]
        yield f"sandgate: {error.title}", "\n".join(said) or "no function of the stack logged anything meanwhile"


def _said(clients: Clients, function: str, since: float) -> str:
    try:
        lines = tail(clients, function, since=since - _SLACK)
    except SandgateError as error:
        return f"{function}: {error}"
    return "\n".join([f"{function}:", *(f"    {line}" for line in lines)]) if lines else ""
