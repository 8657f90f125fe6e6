"""Parameter groups of caches."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-parameter-group",
    type="AWS::ElastiCache::ParameterGroup",
    service="elasticache",
    creates=(
        Create(
            operation="CreateCacheParameterGroup", names={"CacheParameterGroupName": "lower(CacheParameterGroupName)"}
        ),
    ),
    removal=Removal(
        operation="DeleteCacheParameterGroup",
        parameters={"CacheParameterGroupName": ".CacheParameterGroupName"},
        key={"CacheParameterGroupName": "lower(CacheParameterGroupName)"},
        absent=("CacheParameterGroupNotFound", "CacheParameterGroupNotFoundFault"),
        busy=("InvalidCacheParameterGroupState", "InvalidCacheParameterGroupStateFault"),
    ),
    listing=Listing(
        operation="DescribeCacheParameterGroups",
        entries="CacheParameterGroups",
        key={"CacheParameterGroupName": "lower(CacheParameterGroupName)"},
    ),
    after=("elasticache-cluster", "elasticache-replication-group"),
    physical={"CacheParameterGroupName": "lower(@)"},
)
