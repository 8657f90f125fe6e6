"""Database clusters, without a last snapshot."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-cluster",
    type="AWS::RDS::DBCluster",
    service="rds",
    creates=(
        Create(operation="CreateDBCluster", names={"DBClusterIdentifier": "lower(DBClusterIdentifier)"}),
        Create(operation="RestoreDBClusterFromS3", names={"DBClusterIdentifier": "lower(DBClusterIdentifier)"}),
        Create(operation="RestoreDBClusterFromSnapshot", names={"DBClusterIdentifier": "lower(DBClusterIdentifier)"}),
        Create(operation="RestoreDBClusterToPointInTime", names={"DBClusterIdentifier": "lower(DBClusterIdentifier)"}),
    ),
    removal=Removal(
        operation="DeleteDBCluster",
        parameters={"DBClusterIdentifier": ".DBClusterIdentifier"},
        fixed={"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True},
        key={"DBClusterIdentifier": "lower(DBClusterIdentifier)"},
        absent=("DBClusterNotFound", "DBClusterNotFoundFault"),
        busy=(
            "InvalidDBInstanceState",
            "InvalidDBInstanceStateFault",
            "InvalidDBClusterState",
            "InvalidDBClusterStateFault",
            "InvalidGlobalClusterState",
            "InvalidGlobalClusterStateFault",
        ),
        locked=("InvalidParameterCombination",),
        promises=True,
    ),
    prepare=(
        (
            "ModifyDBCluster",
            {"DBClusterIdentifier": ".DBClusterIdentifier"},
            {"DeletionProtection": False, "ApplyImmediately": True},
        ),
    ),
    listing=Listing(
        operation="DescribeDBClusters",
        entries="DBClusters",
        key={"DBClusterIdentifier": "lower(DBClusterIdentifier)"},
        created="ClusterCreateTime",
    ),
    after=("rds-db-instance",),
    physical={"DBClusterIdentifier": "lower(@)"},
    patience=1800.0,
    remark="Its instances go first; deletion protection is switched off, automated backups go with it.",
)
