"""Amazon RDS."""

from __future__ import annotations

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]

_PASSWORD = "of a test 1"


def _instance(world: World, name: str) -> None:
    world.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="tester",
        MasterUserPassword=_PASSWORD,
    )


def _protect_instance(world: World, name: str) -> None:
    world.client("rds").modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=True)


def _cluster(world: World, name: str) -> None:
    world.client("rds").create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="tester", MasterUserPassword=_PASSWORD
    )


def _protect_cluster(world: World, name: str) -> None:
    world.client("rds").modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=True)


def _snapshot(world: World, name: str) -> None:
    rds, source = world.client("rds"), f"{name}-of"
    _instance(world, source)
    world.cleanup.append(lambda: rds.delete_db_instance(DBInstanceIdentifier=source, SkipFinalSnapshot=True))
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=source)


def _cluster_snapshot(world: World, name: str) -> None:
    rds, source = world.client("rds"), f"{name}-of"
    _cluster(world, source)
    world.cleanup.append(lambda: rds.delete_db_cluster(DBClusterIdentifier=source, SkipFinalSnapshot=True))
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=source)


def _subnet_group(world: World, name: str) -> None:
    subnets = world.client("ec2").describe_subnets()["Subnets"]
    world.client("rds").create_db_subnet_group(
        DBSubnetGroupName=name,
        DBSubnetGroupDescription="of a test",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )


def _parameter_group(world: World, name: str) -> None:
    world.client("rds").create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description="of a test"
    )


def _cluster_parameter_group(world: World, name: str) -> None:
    world.client("rds").create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql16", Description="of a test"
    )


def _option_group(world: World, name: str) -> None:
    world.client("rds").create_option_group(
        OptionGroupName=name, EngineName="mysql", MajorEngineVersion="8.0", OptionGroupDescription="of a test"
    )


MAKERS = {
    "rds-db-cluster": Maker(make=_cluster, fill=_protect_cluster),
    "rds-db-cluster-parameter-group": Maker(make=_cluster_parameter_group),
    "rds-db-cluster-snapshot": Maker(make=_cluster_snapshot),
    "rds-db-instance": Maker(make=_instance, fill=_protect_instance),
    "rds-db-parameter-group": Maker(make=_parameter_group),
    "rds-db-snapshot": Maker(make=_snapshot),
    "rds-db-subnet-group": Maker(make=_subnet_group),
    "rds-option-group": Maker(make=_option_group),
}
