"""Subnet groups of databases."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-db-subnet-group",
    type="AWS::RDS::DBSubnetGroup",
    service="rds",
    creates=(Create(operation="CreateDBSubnetGroup", names={"DBSubnetGroupName": "lower(DBSubnetGroupName)"}),),
    removal=Removal(
        operation="DeleteDBSubnetGroup",
        parameters={"DBSubnetGroupName": ".DBSubnetGroupName"},
        key={"DBSubnetGroupName": "lower(DBSubnetGroupName)"},
        absent=("DBSubnetGroupNotFound", "DBSubnetGroupNotFoundFault"),
        busy=(
            "InvalidDBSubnetGroupState",
            "InvalidDBSubnetGroupStateFault",
            "InvalidDBSubnetState",
            "InvalidDBSubnetStateFault",
        ),
    ),
    listing=Listing(
        operation="DescribeDBSubnetGroups",
        entries="DBSubnetGroups",
        key={"DBSubnetGroupName": "lower(DBSubnetGroupName)"},
    ),
    after=("rds-db-cluster", "rds-db-instance"),
    physical={"DBSubnetGroupName": "lower(@)"},
)
