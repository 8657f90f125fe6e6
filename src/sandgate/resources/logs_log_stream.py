"""Streams of a log group that the run did not create."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_STREAM = {"logGroupName": "logGroupName", "logStreamName": "logStreamName"}
_GROUP = {"logGroupName": "logGroupName"}

RESOURCE = ResourceType(
    name="logs-log-stream",
    type="AWS::Logs::LogStream",
    service="logs",
    creates=(Create(operation="CreateLogStream", names=_STREAM),),
    removal=Removal(operation="DeleteLogStream", parameters=_STREAM, absent=("ResourceNotFoundException",)),
    listing=Listing(
        operation="DescribeLogStreams",
        entries="logStreams",
        key=_STREAM,
        within=_GROUP,
        name="logStreamName",
        created="creationTime",
    ),
    within="logs-log-group",
    container=_GROUP,
)
