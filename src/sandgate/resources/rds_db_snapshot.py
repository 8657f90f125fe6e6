"""Snapshots of database instances that somebody asked for."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-snapshot",
    type="AWS::RDS::DBSnapshot",
    service="rds",
    creates=(
        Create(operation="CreateDBSnapshot", names={"DBSnapshotIdentifier": "lower(DBSnapshotIdentifier)"}),
        Create(operation="CopyDBSnapshot", names={"DBSnapshotIdentifier": "lower(TargetDBSnapshotIdentifier)"}),
        Create(
            operation="DeleteDBInstance",
            names={"DBSnapshotIdentifier": "lower(FinalDBSnapshotIdentifier)"},
            when=("FinalDBSnapshotIdentifier", ()),
        ),
    ),
    removal=Removal(
        operation="DeleteDBSnapshot",
        parameters={"DBSnapshotIdentifier": ".DBSnapshotIdentifier"},
        key={"DBSnapshotIdentifier": "lower(DBSnapshotIdentifier)"},
        absent=("DBSnapshotNotFound", "DBSnapshotNotFoundFault"),
        busy=("InvalidDBSnapshotState", "InvalidDBSnapshotStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeDBSnapshots",
        entries="DBSnapshots",
        key={"DBSnapshotIdentifier": "lower(DBSnapshotIdentifier)"},
        parameters={"SnapshotType": "manual"},
        created="SnapshotCreateTime",
    ),
    physical={"DBSnapshotIdentifier": "lower(@)"},
    patience=300.0,
    remark="The last snapshot of an instance that a test deletes is one as well.",
)
