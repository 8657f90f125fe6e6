"""Mappings of event sources to functions; they stay when their function goes."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="lambda-event-source-mapping",
    type="AWS::Lambda::EventSourceMapping",
    service="lambda",
    creates=(
        Create(
            operation="CreateEventSourceMapping",
            ids={"UUID": "UUID"},
            told={"last(FunctionArn)": "last(FunctionName)", "EventSourceArn": "EventSourceArn"},
            arn="EventSourceMappingArn",
        ),
    ),
    removal=Removal(
        operation="DeleteEventSourceMapping",
        parameters={"UUID": "UUID"},
        absent=("ResourceNotFoundException",),
        busy=("ResourceInUseException", "ResourceConflictException"),
        promises=True,
    ),
    listing=Listing(
        operation="ListEventSourceMappings",
        entries="EventSourceMappings",
        key={"UUID": "UUID"},
        name="last(FunctionArn)",
        gone={"State": ("Deleting",)},
    ),
)
