"""Deliveries: what joins a source of logs to a destination."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_ID = {"id": "id"}

RESOURCE = ResourceType(
    name="logs-delivery",
    type="AWS::Logs::Delivery",
    service="logs",
    creates=(
        Create(
            operation="CreateDelivery",
            ids={"id": "delivery.id"},
            told={"deliverySourceName": "deliverySourceName", "deliveryDestinationArn": "deliveryDestinationArn"},
            arn="delivery.arn",
        ),
    ),
    removal=Removal(
        operation="DeleteDelivery",
        parameters=_ID,
        absent=("ResourceNotFoundException",),
        busy=("ConflictException",),
    ),
    listing=Listing(operation="DescribeDeliveries", entries="deliveries", key=_ID, name="deliverySourceName"),
    remark="The guard refuses these unless the project's `allow` names `logs:CreateDelivery`.",
)
