"""Amazon ElastiCache."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _cluster(world: World, name: str) -> None:
    world.client("elasticache").create_cache_cluster(
        CacheClusterId=name, Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1
    )


def _replication_group(world: World, name: str) -> None:
    world.client("elasticache").create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription="of a test",
        NumCacheClusters=2,
        CacheNodeType="cache.t3.micro",
    )


def _serverless_cache(world: World, name: str) -> None:
    world.client("elasticache").create_serverless_cache(ServerlessCacheName=name, Engine="redis")


def _snapshot(world: World, name: str) -> None:
    elasticache, source = world.client("elasticache"), f"{name}-of"
    _cluster(world, source)
    world.cleanup.append(lambda: elasticache.delete_cache_cluster(CacheClusterId=source))
    elasticache.create_snapshot(SnapshotName=name, CacheClusterId=source)


def _subnet_group(world: World, name: str) -> None:
    subnets = world.client("ec2").describe_subnets()["Subnets"]
    world.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription="of a test",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )


def _parameter_group(world: World, name: str) -> None:
    world.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="of a test"
    )


def _user(world: World, name: str) -> None:
    world.client("elasticache").create_user(
        UserId=name, UserName="default", Engine="redis", AccessString="on ~* +@all", NoPasswordRequired=True
    )


def _user_group(world: World, name: str) -> None:
    elasticache, user = world.client("elasticache"), f"{name}-in"
    _user(world, user)
    world.cleanup.append(lambda: elasticache.delete_user(UserId=user))
    elasticache.create_user_group(UserGroupId=name, Engine="redis", UserIds=[user])


MAKERS = {
    "elasticache-cluster": Maker(make=_cluster),
    "elasticache-parameter-group": Maker(make=_parameter_group),
    "elasticache-replication-group": Maker(make=_replication_group),
    "elasticache-serverless-cache": Maker(make=_serverless_cache),
    "elasticache-snapshot": Maker(make=_snapshot),
    "elasticache-subnet-group": Maker(make=_subnet_group),
    "elasticache-user": Maker(make=_user),
    "elasticache-user-group": Maker(make=_user_group),
}
