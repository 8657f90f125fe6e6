"""Log groups, with their streams and filters."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_GROUP = {"logGroupName": "logGroupName"}

RESOURCE = ResourceType(
    name="logs-log-group",
    type="AWS::Logs::LogGroup",
    service="logs",
    creates=(Create(operation="CreateLogGroup", names=_GROUP),),
    removal=Removal(
        operation="DeleteLogGroup",
        parameters=_GROUP,
        absent=("ResourceNotFoundException",),
        locked=("ValidationException",),
    ),
    listing=Listing(operation="DescribeLogGroups", entries="logGroups", key=_GROUP, created="creationTime"),
    prepare=(
        (
            "PutLogGroupDeletionProtection",
            {"logGroupIdentifier": "logGroupName"},
            {"deletionProtectionEnabled": False},
        ),
    ),
)
