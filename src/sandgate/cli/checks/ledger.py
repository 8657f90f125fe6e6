"""The shared ledger: whether its table is there, is as `up` makes it, and takes what a gate would write."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandgate.cli.checks._admin import admin
from sandgate.cli.checks._aws import who
from sandgate.cli.checks._model import Check, Facts, Finding, State
from sandgate.config.identity import ledger_table
from sandgate.errors import ConfigError, EnvironmentFault, RunError, SandgateError

if TYPE_CHECKING:
    from sandgate.core.table import Table

__all__ = ["CHECK"]

_NO_RUN = "00000000-000000-doctor"
"""Whose lease nobody has, so that renewing it asks for the right to write, and writes nothing."""
_ACTIVE = frozenset({"ENABLED", "ENABLING"})


def _look(facts: Facts) -> Iterator[Finding]:
    try:
        name = ledger_table(facts.config)
    except ConfigError as error:
        yield Finding(state=State.MEND, text=error.message, remedy=error.hint)
        return
    if not name:
        yield Finding(state=State.OK, text="none is shared: each machine knows its own runs")
        return
    if code := facts.once(who).code:
        yield Finding(state=State.UNKNOWN, text=f"{name}; AWS refuses the credentials ({code})")
        return
    try:
        left = _left(facts, _opened(facts))
    except (EnvironmentFault, RunError) as error:
        yield Finding(state=State.MEND, text=error.message, remedy=error.hint)
        return
    yield Finding(state=State.OK, text=f"{name} can be read and written")
    yield from left
    if facts.config.admin_profile:
        yield from _of_table(facts, name)


def _opened(facts: Facts) -> Table:
    """The table, once it is proven that it can be written.

    Raises:
        SandgateError: it cannot be used.
    """
    from sandgate.core.table import TableError  # noqa: PLC0415 - `--help` must not pay for it
    from sandgate.ledger.shared import LostLeaseError, SharedRun, explained  # noqa: PLC0415
    from sandgate.session import cache_directory  # noqa: PLC0415
    from sandgate.tiers._aws_shared import table_of  # noqa: PLC0415

    table = table_of(facts.config, facts.environ, cache_directory(facts.config))
    try:
        SharedRun(table, _NO_RUN, secrets.token_hex(8), "doctor").renew()
    except LostLeaseError:
        return table
    except TableError as error:
        raise explained(error, table) from None
    raise RunError(f"the table {table.name!r} holds what no sandgate has written")


def _left(facts: Facts, table: Table) -> tuple[Finding, ...]:
    """What runs of other machines have left."""
    from sandgate.cli._runs import runs_of  # noqa: PLC0415
    from sandgate.sharing import own_ids, shared_runs  # noqa: PLC0415

    found = shared_runs(table, facts.config.root, but=own_ids(runs_of(facts.here)))
    return tuple(
        Finding(
            state=State.NOTE,
            text=f"{past.id} of {past.machine} does not live any more, and still owns {len(past.alive)}",
            remedy=f"sandgate sweep {past.id}",
        )
        for past in found
        if not past.live and past.alive
    )


def _of_table(facts: Facts, name: str) -> Iterator[Finding]:
    """What only an administrator may read of it."""
    from sandgate.identity._aws import aws_errors  # noqa: PLC0415

    try:
        client = facts.once(admin).clients("dynamodb")
        with aws_errors("the table of the shared ledger cannot be looked at"):
            protected = client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled", False)
            forgets = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    except SandgateError as error:
        yield Finding(state=State.UNKNOWN, text=error.message, remedy=error.hint)
        return
    if forgets.get("TimeToLiveStatus") not in _ACTIVE or forgets.get("AttributeName") != "expires":
        yield Finding(
            state=State.MEND,
            text=f"{name} does not let go of runs that have ended: TTL is not on, by expires",
            remedy=f"aws dynamodb update-time-to-live --table-name {name} "
            f"--time-to-live-specification Enabled=true,AttributeName=expires",
        )
    if not protected:
        yield Finding(
            state=State.MEND,
            text=f"{name} has no deletion protection",
            remedy=f"aws dynamodb update-table --table-name {name} --deletion-protection-enabled",
        )


CHECK = Check(name="ledger", place=125, look=_look, only_real=True, asks="AWS for the shared ledger")
