"""Cache clusters, without a last snapshot."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-cluster",
    type="AWS::ElastiCache::CacheCluster",
    service="elasticache",
    creates=(Create(operation="CreateCacheCluster", names={"CacheClusterId": "lower(CacheClusterId)"}),),
    removal=Removal(
        operation="DeleteCacheCluster",
        parameters={"CacheClusterId": ".CacheClusterId"},
        key={"CacheClusterId": "lower(CacheClusterId)"},
        absent=("CacheClusterNotFound", "CacheClusterNotFoundFault"),
        busy=("InvalidCacheClusterState", "InvalidCacheClusterStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeCacheClusters",
        entries="CacheClusters",
        key={"CacheClusterId": "lower(CacheClusterId)"},
        created="CacheClusterCreateTime",
    ),
    after=("elasticache-replication-group",),
    physical={"CacheClusterId": "lower(@)"},
    patience=1800.0,
)
