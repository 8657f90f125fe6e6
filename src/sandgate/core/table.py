"""A table of DynamoDB as the shared ledger uses it, whoever's credentials stand behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Table", "TableError"]


class TableError(Exception):
    """A call to the table failed.

    Args:
        code: of the error as DynamoDB names it; `Unreachable` where nobody answered.
        message: its own words.
        reasons: codes of `CancellationReasons`, one for each item of a transaction.
    """

    def __init__(self, code: str, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        self.reasons = reasons


class Table(Protocol):
    """One table."""

    name: str
    where: str
    """Account and region, in words."""

    def call(self, operation: str, parameters: Mapping[str, Any], /) -> Mapping[str, Any]:
        """One call of the DynamoDB API; blocks.

        Args:
            operation: `Query`.
            parameters: as the API Reference has them, values with their types.

        Raises:
            TableError: it failed, also when tried again.
        """

    def now(self) -> float:
        """The time by the clock of AWS, in seconds since 1970, which all machines share."""
