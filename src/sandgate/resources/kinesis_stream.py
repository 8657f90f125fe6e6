"""Data streams, with their consumers."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="kinesis-stream",
    type="AWS::Kinesis::Stream",
    service="kinesis",
    creates=(Create(operation="CreateStream", names={"StreamName": "StreamName"}),),
    removal=Removal(
        operation="DeleteStream",
        parameters={"StreamName": "StreamName"},
        fixed={"EnforceConsumerDeletion": True},
        key={"StreamName": "StreamName|tail(StreamARN)"},
        absent=("ResourceNotFoundException",),
        busy=("ResourceInUseException",),
        promises=True,
    ),
    listing=Listing(
        operation="ListStreams",
        entries="StreamSummaries",
        key={"StreamName": "StreamName"},
        created="StreamCreationTimestamp",
        gone={"StreamStatus": ("DELETING",)},
        more=("HasMoreStreams", "ExclusiveStartStreamName", "StreamNames"),
    ),
)
