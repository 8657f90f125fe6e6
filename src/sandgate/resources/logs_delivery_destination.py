"""What logs are delivered to."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"name": "name"}
_ABSENT = ("ResourceNotFoundException",)

RESOURCE = ResourceType(
    name="logs-delivery-destination",
    type="AWS::Logs::DeliveryDestination",
    service="logs",
    creates=(
        Create(
            operation="PutDeliveryDestination",
            names=_NAME,
            arn="deliveryDestination.arn",
            probe=Probe(operation="GetDeliveryDestination", parameters={"name": "{name}"}, absent=_ABSENT),
        ),
    ),
    removal=Removal(
        operation="DeleteDeliveryDestination", parameters=_NAME, absent=_ABSENT, busy=("ConflictException",)
    ),
    listing=Listing(operation="DescribeDeliveryDestinations", entries="deliveryDestinations", key=_NAME),
    after=("logs-delivery",),
)
