"""The shared ledger when an identity goes: runs of other machines that need it still, and the table itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandgate.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from sandgate.cli._identity import Desk
    from sandgate.past import Past

__all__ = ["owner_of_table", "owning_elsewhere", "remove_table"]


def owning_elsewhere(desk: Desk, here: tuple[str, ...]) -> tuple[Past, ...]:
    """Runs of other machines that own something.

    Args:
        desk: the identity, whose stack has the table.
        here: ids of runs of this machine, of which its own ledger tells.

    Raises:
        UsageError: one of them lives.
        SandgateError: the table cannot be read.
    """
    if owner_of_table(desk) != desk.names.user:
        return ()
    from sandgate.identity.ledger import AdminTable  # noqa: PLC0415
    from sandgate.sharing import shared_runs  # noqa: PLC0415

    where = f"account {desk.admin.account}, region {desk.admin.region}"
    table = AdminTable(desk.documents.table, desk.admin.clients("dynamodb"), where)
    found = shared_runs(table, desk.config.root, but=here)
    for past in found:
        if past.live:
            raise UsageError(f"the run {past.id} lives on {past.machine}, and needs the identity", hint="end it first")
        if past.failure:
            raise EnvironmentFault(past.failure, where=f"run {past.id} of {past.machine}")
    return tuple(past for past in found if past.alive)


def owner_of_table(desk: Desk) -> str | None:
    """Whose table the configured one is.

    Returns:
        The user's name; empty where `up` has not made it, `None` where there is none, or no business of this identity.

    Raises:
        EnvironmentFault: it cannot be looked at.
    """
    from sandgate.identity.ledger import owner_of  # noqa: PLC0415

    return owner_of(desk.admin.clients("dynamodb"), desk.documents.table) if desk.documents.table else None


def remove_table(desk: Desk) -> None:
    """Delete this identity's table, after the stack that it outlives.

    Raises:
        EnvironmentFault: it could not be deleted.
    """
    from sandgate.identity.ledger import delete_table  # noqa: PLC0415

    if delete_table(desk.admin.clients("dynamodb"), desk.documents.table):
        desk.how.say(f"deleted the table {desk.documents.table} of the shared ledger")
