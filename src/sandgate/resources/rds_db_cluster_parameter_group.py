"""Parameter groups of database clusters."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-cluster-parameter-group",
    type="AWS::RDS::DBClusterParameterGroup",
    service="rds",
    creates=(
        Create(
            operation="CreateDBClusterParameterGroup",
            names={"DBClusterParameterGroupName": "lower(DBClusterParameterGroupName)"},
        ),
        Create(
            operation="CopyDBClusterParameterGroup",
            names={"DBClusterParameterGroupName": "lower(TargetDBClusterParameterGroupIdentifier)"},
        ),
    ),
    removal=Removal(
        operation="DeleteDBClusterParameterGroup",
        parameters={"DBClusterParameterGroupName": ".DBClusterParameterGroupName"},
        key={"DBClusterParameterGroupName": "lower(DBClusterParameterGroupName)"},
        absent=("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"),
        busy=("InvalidDBParameterGroupState", "InvalidDBParameterGroupStateFault"),
    ),
    listing=Listing(
        operation="DescribeDBClusterParameterGroups",
        entries="DBClusterParameterGroups",
        key={"DBClusterParameterGroupName": "lower(DBClusterParameterGroupName)"},
    ),
    after=("rds-db-cluster",),
    physical={"DBClusterParameterGroupName": "lower(@)"},
)
