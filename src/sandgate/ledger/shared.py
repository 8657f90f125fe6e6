"""One run in the shared ledger: its lease taken, kept and given back, its lines read and written. Blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandgate.core.table import Table, TableError
from sandgate.errors import EnvironmentFault, RunError, SandgateError
from sandgate.ledger.lease import (
    LEASE,
    LEASES,
    MARGIN,
    RETENTION,
    Lease,
    ending,
    lease_of,
    reading,
    releasing,
    renewing,
    standing,
    taking,
)
from sandgate.ledger.pages import LARGEST, Page, expiring, is_expiring, item_of, page_of, staying

__all__ = ["LostLeaseError", "SharedRun", "explained", "leases", "lines_of"]

_FAILED = "ConditionalCheckFailedException"
_CANCELED = "TransactionCanceledException"
_REASON = "ConditionalCheckFailed"
_BATCH = 25
"""Items of one BatchWriteItem (DynamoDB API Reference)."""
_TRIES = 8


class LostLeaseError(Exception):
    """The run has become another's."""


class SharedRun:
    """One run, as its one writer has it.

    Args:
        table: that holds the ledger.
        run: its id.
        owner: a random word of this writer.
        label: what this machine is called.
    """

    def __init__(self, table: Table, run: str, owner: str, label: str) -> None:
        self.table = table
        self.run = run
        self.owner = owner
        self.label = label

    def take(self, *, sweeping: bool) -> None:
        """Take the lease.

        Raises:
            RunError: another machine has it.
            SandgateError: the table cannot be used.
        """
        seen = self._seen()
        now = self.table.now()  # as the answer has just told it
        if seen is not None and standing(seen, now) == "live":
            raise self._refusal(seen)
        lease = Lease(run=self.run, owner=self.owner, label=self.label, until=now + LEASE, sweeping=sweeping)
        try:
            self.table.call("UpdateItem", taking(self.table.name, lease, seen))
        except TableError as error:
            has = self._seen() if error.code == _FAILED else None
            if has is None:
                raise explained(error, self.table) from None
            if has.owner != self.owner:  # else the answer to a first try was lost
                raise self._refusal(has) from None
        if seen is not None:
            self._keep()

    def _keep(self) -> None:
        """Let the lines of a run that was to be forgotten stay: it may own something again."""
        try:
            self._put([staying(item) for item in _items(self.table, self.run) if is_expiring(item)])
        except TableError as error:
            raise explained(error, self.table) from None

    def _seen(self) -> Lease | None:
        try:
            item = self.table.call("GetItem", reading(self.table.name, self.run)).get("Item")
            return lease_of(item) if item else None
        except TableError as error:
            raise explained(error, self.table) from None
        except (KeyError, ValueError, TypeError):
            raise _strange(self.table) from None

    def _refusal(self, lease: Lease) -> RunError:
        return RunError(
            f"the run {self.run} {'is being swept' if lease.sweeping else 'lives'} on {lease.label}",
            where=f"lease in the table {self.table.name!r}, {self.table.where}",
            hint="wait until it has ended there; a lease that nobody renews is over after some minutes",
        )

    def append(self, page: Page) -> None:
        """Write a page and make the lease longer, both or neither; once more is the same as once.

        Raises:
            LostLeaseError: the run is another's.
            TableError: it cannot be written.
        """
        if len(page.lines) == 1 and len(page.lines[0]) > LARGEST:
            raise TableError("ItemTooLarge", f"a line has {len(page.lines[0]):,} characters, and an item {LARGEST:,}")
        item = item_of(page)
        until = self.table.now() + LEASE
        renewal = renewing(self.table.name, self.run, self.owner, until)
        put = {
            "TableName": self.table.name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#run)",
            "ExpressionAttributeNames": {"#run": "run"},
        }
        try:
            self.table.call("TransactWriteItems", {"TransactItems": [{"Update": renewal}, {"Put": put}]})
        except TableError as error:
            if error.code != _CANCELED or _REASON not in error.reasons:
                raise
            if error.reasons[0] == _REASON or not self._has(item):
                raise LostLeaseError from None
        self._correct(until)

    def _has(self, item: Mapping[str, Any]) -> bool:
        """Whether a page is there as it was sent: an answer may have been lost."""
        key = {name: item[name] for name in ("run", "line")}
        found = self.table.call("GetItem", {"TableName": self.table.name, "Key": key, "ConsistentRead": True})
        return bool(found.get("Item") == item)

    def renew(self) -> None:
        """Make the lease longer.

        Raises:
            LostLeaseError: it is another's.
            TableError: nobody knows.
        """
        until = self.table.now() + LEASE
        self._conditional(renewing(self.table.name, self.run, self.owner, until))
        self._correct(until)

    def _correct(self, until: float) -> None:
        """Renew at once where the answer shows that the clock here was set meanwhile."""
        right = self.table.now() + LEASE
        if abs(right - until) > MARGIN:
            self._conditional(renewing(self.table.name, self.run, self.owner, right))

    def release(self) -> None:
        """Give it back.

        Raises:
            LostLeaseError: it is another's.
            TableError: nobody knows.
        """
        self._conditional(releasing(self.table.name, self.run, self.owner))

    def end(self) -> None:
        """Say that nothing is left of the run, and let its items go after a while.

        Raises:
            LostLeaseError: it is another's.
            TableError: nobody knows.
        """
        self.renew()
        expires = self.table.now() + RETENTION
        self._put([expiring(item, expires) for item in _items(self.table, self.run)])
        self._conditional(ending(self.table.name, self.run, self.owner, expires))

    def _put(self, items: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(items), _BATCH):
            self._put_batch([{"PutRequest": {"Item": item}} for item in items[start : start + _BATCH]])

    def _put_batch(self, requests: Sequence[Mapping[str, Any]]) -> None:
        for _ in range(_TRIES):
            answer = self.table.call("BatchWriteItem", {"RequestItems": {self.table.name: requests}})
            requests = answer.get("UnprocessedItems", {}).get(self.table.name, [])
            if not requests:
                return
        raise TableError("ThrottlingException", "items stay unprocessed")

    def _conditional(self, request: Mapping[str, Any]) -> None:
        try:
            self.table.call("UpdateItem", request)
        except TableError as error:
            if error.code == _FAILED:
                raise LostLeaseError from None
            raise


def leases(table: Table) -> tuple[Lease, ...]:
    """The leases of all runs, those that have ended for good included, oldest run first.

    Raises:
        SandgateError: the table cannot be read, or holds something else.
    """
    try:
        return tuple(lease_of(item) for item in _items(table, LEASES))
    except TableError as error:
        raise explained(error, table) from None
    except (KeyError, ValueError, TypeError):
        raise _strange(table) from None


def lines_of(table: Table, run: str) -> tuple[str, ...]:
    """The lines of a run, in their order.

    Raises:
        SandgateError: the table cannot be read, or holds something else.
    """
    try:
        return tuple(line for item in _items(table, run) for line in page_of(item).lines)
    except TableError as error:
        raise explained(error, table) from None
    except (KeyError, ValueError, TypeError):
        raise _strange(table) from None


def _items(table: Table, partition: str) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {
        "TableName": table.name,
        "ConsistentRead": True,
        "KeyConditionExpression": "#run = :run",
        "ExpressionAttributeNames": {"#run": "run"},
        "ExpressionAttributeValues": {":run": {"S": partition}},
    }
    while True:
        answer = table.call("Query", request)
        yield from answer.get("Items", ())
        if not answer.get("LastEvaluatedKey"):
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def explained(error: TableError, table: Table) -> SandgateError:
    """A refusal of the table as something that a person can act on."""
    where = f"ledger; table {table.name!r}, {table.where}"
    if error.code == "ResourceNotFoundException":
        return EnvironmentFault(
            f"there is no table {table.name!r} for the shared ledger", where=where, hint="`sandgate up` makes it"
        )
    if error.code == "AccessDeniedException":
        return EnvironmentFault(
            f"the shared ledger may not be used: {error.message}",
            where=where,
            hint="`sandgate up` gives the role of the ledger its rights",
        )
    if error.code == "ValidationException":
        return EnvironmentFault(
            f"the table {table.name!r} is not one for a shared ledger: {error.message}",
            where=where,
            hint="it needs the keys `run` (HASH) and `line` (RANGE), both strings: let `sandgate up` make one",
        )
    return EnvironmentFault(f"the shared ledger cannot be reached: {error}", where=where)


def _strange(table: Table) -> SandgateError:
    return EnvironmentFault(
        f"the table {table.name!r} holds what no sandgate has written",
        where=f"ledger; table {table.name!r}, {table.where}",
        hint="use a table that `sandgate up` makes",
    )
