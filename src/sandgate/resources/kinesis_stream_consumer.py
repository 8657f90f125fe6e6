"""Consumers with a throughput of their own, on streams that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="kinesis-stream-consumer",
    type="AWS::Kinesis::StreamConsumer",
    service="kinesis",
    creates=(
        Create(
            operation="RegisterStreamConsumer",
            names={"StreamName": "tail(StreamARN)"},
            ids={"ConsumerARN": "Consumer.ConsumerARN"},
            told={"ConsumerName": "ConsumerName"},
            arn="Consumer.ConsumerARN",
        ),
    ),
    removal=Removal(
        operation="DeregisterStreamConsumer",
        parameters={"StreamARN": ".StreamARN", "ConsumerName": ".ConsumerName"},
        key={"StreamName": "second(ConsumerARN)", "ConsumerARN": "ConsumerARN"},
        absent=("ResourceNotFoundException",),
        busy=("ResourceInUseException",),
        promises=True,
    ),
    listing=Listing(
        operation="ListStreamConsumers",
        entries="Consumers",
        key={"StreamName": "StreamName", "ConsumerARN": "ConsumerARN"},
        within={"StreamARN": "StreamARN"},
        over=Listing(
            operation="ListStreams",
            entries="StreamSummaries",
            key={"StreamName": "StreamName", "StreamARN": "StreamARN"},
            more=("HasMoreStreams", "ExclusiveStartStreamName", "StreamNames"),
        ),
        name="ConsumerName",
        created="ConsumerCreationTimestamp",
        gone={"ConsumerStatus": ("DELETING",)},
    ),
    within="kinesis-stream",
    container={"StreamName": "StreamName"},
)
