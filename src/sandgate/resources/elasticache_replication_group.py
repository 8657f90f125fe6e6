"""Replication groups with all of their clusters, without a last snapshot."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-replication-group",
    type="AWS::ElastiCache::ReplicationGroup",
    service="elasticache",
    creates=(Create(operation="CreateReplicationGroup", names={"ReplicationGroupId": "lower(ReplicationGroupId)"}),),
    removal=Removal(
        operation="DeleteReplicationGroup",
        parameters={"ReplicationGroupId": ".ReplicationGroupId"},
        fixed={"RetainPrimaryCluster": False},
        key={"ReplicationGroupId": "lower(ReplicationGroupId)"},
        absent=("ReplicationGroupNotFound", "ReplicationGroupNotFoundFault"),
        busy=("InvalidReplicationGroupState", "InvalidReplicationGroupStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeReplicationGroups",
        entries="ReplicationGroups",
        key={"ReplicationGroupId": "lower(ReplicationGroupId)"},
        created="ReplicationGroupCreateTime",
    ),
    physical={"ReplicationGroupId": "lower(@)"},
    patience=1800.0,
)
