"""Delivery streams."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="firehose-delivery-stream",
    type="AWS::KinesisFirehose::DeliveryStream",
    service="firehose",
    creates=(
        Create(
            operation="CreateDeliveryStream",
            names={"DeliveryStreamName": "DeliveryStreamName"},
            arn="DeliveryStreamARN",
        ),
    ),
    removal=Removal(
        operation="DeleteDeliveryStream",
        parameters={"DeliveryStreamName": "DeliveryStreamName"},
        fixed={"AllowForceDelete": True},
        absent=("ResourceNotFoundException",),
        busy=("ResourceInUseException",),
        promises=True,
    ),
    listing=Listing(
        operation="ListDeliveryStreams",
        entries="DeliveryStreamNames",
        key={"DeliveryStreamName": "@"},
        parameters={"Limit": 10000},
        more=("HasMoreDeliveryStreams", "ExclusiveStartDeliveryStreamName", "DeliveryStreamNames"),
    ),
    patience=300.0,
)
