"""Option groups."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="rds-option-group",
    type="AWS::RDS::OptionGroup",
    service="rds",
    creates=(
        Create(operation="CreateOptionGroup", names={"OptionGroupName": "lower(OptionGroupName)"}),
        Create(operation="CopyOptionGroup", names={"OptionGroupName": "lower(TargetOptionGroupIdentifier)"}),
    ),
    removal=Removal(
        operation="DeleteOptionGroup",
        parameters={"OptionGroupName": ".OptionGroupName"},
        key={"OptionGroupName": "lower(OptionGroupName)"},
        absent=("OptionGroupNotFound", "OptionGroupNotFoundFault"),
        busy=("InvalidOptionGroupState", "InvalidOptionGroupStateFault"),
    ),
    listing=Listing(
        operation="DescribeOptionGroups",
        entries="OptionGroupsList",
        key={"OptionGroupName": "lower(OptionGroupName)"},
    ),
    after=("rds-db-cluster", "rds-db-cluster-snapshot", "rds-db-instance", "rds-db-snapshot"),
    physical={"OptionGroupName": "lower(@)"},
    remark="AWS keeps a group for as long as a snapshot needs it.",
)
