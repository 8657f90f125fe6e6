"""What logs are delivered from."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"name": "name"}
_ABSENT = ("ResourceNotFoundException",)

RESOURCE = ResourceType(
    name="logs-delivery-source",
    type="AWS::Logs::DeliverySource",
    service="logs",
    creates=(
        Create(
            operation="PutDeliverySource",
            names=_NAME,
            arn="deliverySource.arn",
            probe=Probe(operation="GetDeliverySource", parameters={"name": "{name}"}, absent=_ABSENT),
        ),
    ),
    removal=Removal(operation="DeleteDeliverySource", parameters=_NAME, absent=_ABSENT, busy=("ConflictException",)),
    listing=Listing(operation="DescribeDeliverySources", entries="deliverySources", key=_NAME),
    after=("logs-delivery",),
)
