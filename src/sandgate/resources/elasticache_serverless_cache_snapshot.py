"""Snapshots of serverless caches that somebody asked for."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-serverless-cache-snapshot",
    type="AWS::ElastiCache::ServerlessCacheSnapshot",
    service="elasticache",
    creates=(
        Create(
            operation="CreateServerlessCacheSnapshot",
            names={"ServerlessCacheSnapshotName": "lower(ServerlessCacheSnapshotName)"},
        ),
        Create(
            operation="CopyServerlessCacheSnapshot",
            names={"ServerlessCacheSnapshotName": "lower(TargetServerlessCacheSnapshotName)"},
        ),
        Create(
            operation="DeleteServerlessCache",
            names={"ServerlessCacheSnapshotName": "lower(FinalSnapshotName)"},
            when=("FinalSnapshotName", ()),
        ),
    ),
    removal=Removal(
        operation="DeleteServerlessCacheSnapshot",
        parameters={"ServerlessCacheSnapshotName": ".ServerlessCacheSnapshotName"},
        key={"ServerlessCacheSnapshotName": "lower(ServerlessCacheSnapshotName)"},
        absent=("ServerlessCacheSnapshotNotFound", "ServerlessCacheSnapshotNotFoundFault"),
        busy=("InvalidServerlessCacheSnapshotState", "InvalidServerlessCacheSnapshotStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeServerlessCacheSnapshots",
        entries="ServerlessCacheSnapshots",
        key={"ServerlessCacheSnapshotName": "lower(ServerlessCacheSnapshotName)"},
        parameters={"SnapshotType": "manual"},
        created="CreateTime",
    ),
    physical={"ServerlessCacheSnapshotName": "lower(@)"},
    patience=300.0,
    proven="model",
)
