"""Database instances, without a last snapshot."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-instance",
    type="AWS::RDS::DBInstance",
    service="rds",
    creates=(
        Create(operation="CreateDBInstance", names={"DBInstanceIdentifier": "lower(DBInstanceIdentifier)"}),
        Create(operation="CreateDBInstanceReadReplica", names={"DBInstanceIdentifier": "lower(DBInstanceIdentifier)"}),
        Create(
            operation="RestoreDBInstanceFromDBSnapshot", names={"DBInstanceIdentifier": "lower(DBInstanceIdentifier)"}
        ),
        Create(operation="RestoreDBInstanceFromS3", names={"DBInstanceIdentifier": "lower(DBInstanceIdentifier)"}),
        Create(
            operation="RestoreDBInstanceToPointInTime",
            names={"DBInstanceIdentifier": "lower(TargetDBInstanceIdentifier)"},
        ),
    ),
    removal=Removal(
        operation="DeleteDBInstance",
        parameters={"DBInstanceIdentifier": ".DBInstanceIdentifier"},
        fixed={"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True},
        key={"DBInstanceIdentifier": "lower(DBInstanceIdentifier)"},
        absent=("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        busy=(
            "InvalidDBInstanceState",
            "InvalidDBInstanceStateFault",
            "InvalidDBClusterState",
            "InvalidDBClusterStateFault",
        ),
        locked=("InvalidParameterCombination",),
        promises=True,
    ),
    prepare=(
        (
            "ModifyDBInstance",
            {"DBInstanceIdentifier": ".DBInstanceIdentifier"},
            {"DeletionProtection": False, "ApplyImmediately": True},
        ),
    ),
    listing=Listing(
        operation="DescribeDBInstances",
        entries="DBInstances",
        key={"DBInstanceIdentifier": "lower(DBInstanceIdentifier)"},
        created="InstanceCreateTime",
    ),
    physical={"DBInstanceIdentifier": "lower(@)"},
    patience=1800.0,
    remark="Deletion protection is switched off, automated backups go with it; AWS takes minutes.",
)
