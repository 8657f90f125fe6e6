"""Parameter groups of database instances."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-parameter-group",
    type="AWS::RDS::DBParameterGroup",
    service="rds",
    creates=(
        Create(operation="CreateDBParameterGroup", names={"DBParameterGroupName": "lower(DBParameterGroupName)"}),
        Create(
            operation="CopyDBParameterGroup", names={"DBParameterGroupName": "lower(TargetDBParameterGroupIdentifier)"}
        ),
    ),
    removal=Removal(
        operation="DeleteDBParameterGroup",
        parameters={"DBParameterGroupName": ".DBParameterGroupName"},
        key={"DBParameterGroupName": "lower(DBParameterGroupName)"},
        absent=("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"),
        busy=("InvalidDBParameterGroupState", "InvalidDBParameterGroupStateFault"),
    ),
    listing=Listing(
        operation="DescribeDBParameterGroups",
        entries="DBParameterGroups",
        key={"DBParameterGroupName": "lower(DBParameterGroupName)"},
    ),
    after=("rds-db-cluster", "rds-db-instance"),
    physical={"DBParameterGroupName": "lower(@)"},
)
