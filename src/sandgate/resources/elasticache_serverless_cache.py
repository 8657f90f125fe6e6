"""Serverless caches, without a last snapshot."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="elasticache-serverless-cache",
    type="AWS::ElastiCache::ServerlessCache",
    service="elasticache",
    creates=(Create(operation="CreateServerlessCache", names={"ServerlessCacheName": "lower(ServerlessCacheName)"}),),
    removal=Removal(
        operation="DeleteServerlessCache",
        parameters={"ServerlessCacheName": ".ServerlessCacheName"},
        key={"ServerlessCacheName": "lower(ServerlessCacheName)"},
        absent=("ServerlessCacheNotFound", "ServerlessCacheNotFoundFault"),
        busy=("InvalidServerlessCacheState", "InvalidServerlessCacheStateFault"),
        promises=True,
    ),
    listing=Listing(
        operation="DescribeServerlessCaches",
        entries="ServerlessCaches",
        key={"ServerlessCacheName": "lower(ServerlessCacheName)"},
        created="CreateTime",
    ),
    physical={"ServerlessCacheName": "lower(@)"},
    patience=1800.0,
)
