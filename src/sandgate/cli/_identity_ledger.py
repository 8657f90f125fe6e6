"""The shared ledger when an identity goes: runs of other machines that need it still, and the table itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandgate.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from sandgate.cli._identity import Desk
    from sandgate.sweeping import Past

__all__ = ["has_table", "owning_elsewhere", "remove_table"]


def owning_elsewhere(desk: Desk, here: tuple[str, ...]) -> tuple[Past, ...]:
    """Runs of other machines that own something.

    Args:
        desk: the identity, whose stack has the table.
        here: ids of runs of this machine, of which its own ledger tells.

    Raises:
        UsageError: one of them lives.
        SandgateError: the table cannot be read.
    """
    if not has_table(desk):
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


def has_table(desk: Desk) -> bool:
    """Whether there is a table, and it goes with this identity.

    Raises:
        EnvironmentFault: it cannot be looked at.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    from sandgate.identity._aws import aws_errors, code_of  # noqa: PLC0415

    name = desk.documents.table
    if not name:
        return False
    with aws_errors("the shared ledger cannot be looked at"):
        try:
            desk.admin.clients("dynamodb").describe_table(TableName=name)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return False
            raise
    return True


def remove_table(desk: Desk) -> None:
    """Delete the table, after the stack that it outlives.

    Raises:
        EnvironmentFault: it could not be deleted.
    """
    from sandgate.identity.ledger import delete_table  # noqa: PLC0415

    if desk.documents.table and delete_table(desk.admin.clients("dynamodb"), desk.documents.table):
        desk.how.say(f"deleted the table {desk.documents.table} of the shared ledger")
