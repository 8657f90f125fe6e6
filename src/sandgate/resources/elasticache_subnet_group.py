"""Subnet groups of caches."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-subnet-group",
    type="AWS::ElastiCache::SubnetGroup",
    service="elasticache",
    creates=(
        Create(operation="CreateCacheSubnetGroup", names={"CacheSubnetGroupName": "lower(CacheSubnetGroupName)"}),
    ),
    removal=Removal(
        operation="DeleteCacheSubnetGroup",
        parameters={"CacheSubnetGroupName": ".CacheSubnetGroupName"},
        key={"CacheSubnetGroupName": "lower(CacheSubnetGroupName)"},
        absent=("CacheSubnetGroupNotFound", "CacheSubnetGroupNotFoundFault"),
        busy=("CacheSubnetGroupInUse", "CacheSubnetGroupInUseFault"),
    ),
    listing=Listing(
        operation="DescribeCacheSubnetGroups",
        entries="CacheSubnetGroups",
        key={"CacheSubnetGroupName": "lower(CacheSubnetGroupName)"},
    ),
    after=("elasticache-cluster", "elasticache-replication-group", "elasticache-serverless-cache"),
    physical={"CacheSubnetGroupName": "lower(@)"},
)
