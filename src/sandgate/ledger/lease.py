"""The lease on a run in the shared ledger: who may write about it, until when, and who may take it over. Pure.

The lock on the ledger's file tells of one machine only. In the table a run lives as long as its lease, which its gate
renews; all times are by AWS's clock, since each of its answers says what that is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "LEASE",
    "LEASES",
    "MARGIN",
    "RENEW",
    "RETENTION",
    "Lease",
    "Standing",
    "ending",
    "lease_of",
    "reading",
    "releasing",
    "renewing",
    "standing",
    "taking",
]

LEASES = "leases"
"""Partition that holds the lease of each run; no run has such an id."""
LEASE = 300.0
"""Seconds for which a lease is good."""
RENEW = 60.0
"""Seconds after which it is renewed."""
MARGIN = 60.0
"""Seconds by which a lease must be over before anybody else takes it: Date headers tell whole seconds, and answers
are under way for a while."""
RETENTION = 30 * 86400.0
"""Seconds for which the lines of a run that has ended with nothing left stay in the table."""
_RUN = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9]{6}")
_LABEL = re.compile(r"[A-Za-z0-9 ._@-]{1,64}")
Standing = Literal["live", "abandoned", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The lease of one run."""

    run: str
    owner: str
    """A random word of the gate that has it."""
    label: str
    """What its machine is called."""
    until: float
    """Seconds since 1970; 0 where it was given back."""
    sweeping: bool = False
    """Whether its owner is a sweep."""
    ended: bool = False
    """Whether the run has ended, and nothing is left of it."""


def standing(lease: Lease, now: float) -> Standing:
    """What a lease says of its run.

    Args:
        lease: as the table has it.
        now: by AWS's clock.
    """
    if lease.ended:
        return "ended"
    return "live" if lease.until + MARGIN > now else "abandoned"


def lease_of(item: Mapping[str, Any]) -> Lease:
    """A lease as an item of the table.

    Raises:
        KeyError: it lacks something.
        ValueError: something of it is of another form.
    """
    run, label = item["line"]["S"], item["label"]["S"]
    if not _RUN.fullmatch(run) or not _LABEL.fullmatch(label):  # they become a folder's name, and stand on a terminal
        raise ValueError("no id of a run, or no label")
    return Lease(
        run=run,
        owner=item["owner"]["S"],
        label=label,
        until=float(item["until"]["N"]),
        sweeping=item["sweeping"]["BOOL"],
        ended="ended" in item,
    )


def reading(table: str, run: str) -> Mapping[str, Any]:
    """The request that reads a lease."""
    return {"TableName": table, "Key": _key(run), "ConsistentRead": True}


def taking(table: str, lease: Lease, seen: Lease | None) -> Mapping[str, Any]:
    """The request that takes a lease, if it still is as it was seen: one of all who ask at once gets it.

    Args:
        table: name of the table.
        lease: as it is to be.
        seen: as it was; `None` where there was none.
    """
    unchanged = "attribute_not_exists(#run)" if seen is None else "#owner = :seen AND #until = :seen_until"
    was = {":seen": {"S": seen.owner}, ":seen_until": _number(seen.until)} if seen is not None else {}
    return {
        "TableName": table,
        "Key": _key(lease.run),
        "UpdateExpression": "SET #owner = :owner, #label = :label, #until = :until, #sweeping = :sweeping "
        "REMOVE #ended, #expires",
        "ConditionExpression": unchanged,
        "ExpressionAttributeNames": _names(
            *(("run",) if seen is None else ()), "owner", "label", "until", "sweeping", "ended", "expires"
        ),
        "ExpressionAttributeValues": {
            ":owner": {"S": lease.owner},
            ":label": {"S": lease.label},
            ":until": _number(lease.until),
            ":sweeping": {"BOOL": lease.sweeping},
            **was,
        },
    }


def renewing(table: str, run: str, owner: str, until: float) -> Mapping[str, Any]:
    """The request that makes one's own lease longer, which fails where it has become another's."""
    return {
        "TableName": table,
        "Key": _key(run),
        "UpdateExpression": "SET #until = :until",
        "ConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": _names("until", "owner"),
        "ExpressionAttributeValues": {":until": _number(until), ":owner": {"S": owner}},
    }


def releasing(table: str, run: str, owner: str) -> Mapping[str, Any]:
    """The request that gives one's own lease back, so that nobody has to wait for its end."""
    return renewing(table, run, owner, 0.0)


def ending(table: str, run: str, owner: str, expires: float) -> Mapping[str, Any]:
    """The request that says that nothing is left of a run; DynamoDB removes its items later.

    Args:
        table: name of the table.
        run: its id.
        owner: of the lease.
        expires: seconds since 1970.
    """
    return {
        "TableName": table,
        "Key": _key(run),
        "UpdateExpression": "SET #until = :until, #ended = :ended, #expires = :expires",
        "ConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": _names("until", "owner", "ended", "expires"),
        "ExpressionAttributeValues": {
            ":until": _number(0.0),
            ":ended": {"BOOL": True},
            ":expires": {"N": str(int(expires))},
            ":owner": {"S": owner},
        },
    }


def _key(run: str) -> Mapping[str, Any]:
    return {"run": {"S": LEASES}, "line": {"S": run}}


def _names(*names: str) -> Mapping[str, str]:
    return {f"#{name}": name for name in names}


def _number(value: float) -> Mapping[str, str]:
    return {"N": f"{value:.3f}"}
