"""Snapshots of database clusters that somebody asked for."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-cluster-snapshot",
    type="AWS::RDS::DBClusterSnapshot",
    service="rds",
    creates=(
        Create(
            operation="CreateDBClusterSnapshot",
            names={"DBClusterSnapshotIdentifier": "lower(DBClusterSnapshotIdentifier)"},
        ),
        Create(
            operation="CopyDBClusterSnapshot",
            names={"DBClusterSnapshotIdentifier": "lower(TargetDBClusterSnapshotIdentifier)"},
        ),
        Create(
            operation="DeleteDBCluster",
            names={"DBClusterSnapshotIdentifier": "lower(FinalDBSnapshotIdentifier)"},
            when=("FinalDBSnapshotIdentifier", ()),
        ),
    ),
    removal=Removal(
        operation="DeleteDBClusterSnapshot",
        parameters={"DBClusterSnapshotIdentifier": ".DBClusterSnapshotIdentifier"},
        key={"DBClusterSnapshotIdentifier": "lower(DBClusterSnapshotIdentifier)"},
        absent=("DBClusterSnapshotNotFound", "DBClusterSnapshotNotFoundFault"),
        busy=("InvalidDBClusterSnapshotState", "InvalidDBClusterSnapshotStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeDBClusterSnapshots",
        entries="DBClusterSnapshots",
        key={"DBClusterSnapshotIdentifier": "lower(DBClusterSnapshotIdentifier)"},
        parameters={"SnapshotType": "manual"},
        created="SnapshotCreateTime",
    ),
    physical={"DBClusterSnapshotIdentifier": "lower(@)"},
    patience=300.0,
    remark="The last snapshot of a cluster that a test deletes is one as well.",
)
