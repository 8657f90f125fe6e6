"""Snapshots of caches that somebody asked for."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-snapshot",
    type="AWS::ElastiCache::Snapshot",
    service="elasticache",
    creates=(
        Create(operation="CreateSnapshot", names={"SnapshotName": "lower(SnapshotName)"}),
        Create(operation="CopySnapshot", names={"SnapshotName": "lower(TargetSnapshotName)"}),
        Create(
            operation="DeleteCacheCluster",
            names={"SnapshotName": "lower(FinalSnapshotIdentifier)"},
            when=("FinalSnapshotIdentifier", ()),
        ),
        Create(
            operation="DeleteReplicationGroup",
            names={"SnapshotName": "lower(FinalSnapshotIdentifier)"},
            when=("FinalSnapshotIdentifier", ()),
        ),
    ),
    removal=Removal(
        operation="DeleteSnapshot",
        parameters={"SnapshotName": ".SnapshotName"},
        key={"SnapshotName": "lower(SnapshotName)"},
        absent=("SnapshotNotFound", "SnapshotNotFoundFault"),
        busy=("InvalidSnapshotState", "InvalidSnapshotStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeSnapshots",
        entries="Snapshots",
        key={"SnapshotName": "lower(SnapshotName)"},
        created="NodeSnapshots.SnapshotCreateTime",
    ),
    physical={"SnapshotName": "lower(@)"},
    patience=300.0,
    remark="The last snapshot of a cache that a test deletes is one as well.",
)
