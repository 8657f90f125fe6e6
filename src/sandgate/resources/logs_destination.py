"""Destinations to which other accounts send their logs."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"destinationName": "destinationName"}

RESOURCE = ResourceType(
    name="logs-destination",
    type="AWS::Logs::Destination",
    service="logs",
    creates=(
        Create(
            operation="PutDestination",
            names=_NAME,
            arn="destination.arn",
            probe=Probe(
                operation="DescribeDestinations",
                parameters={"DestinationNamePrefix": "{destinationName}"},
                absent=("ResourceNotFoundException",),
                shows="destinations.destinationName",
                equals="{destinationName}",
            ),
        ),
    ),
    removal=Removal(operation="DeleteDestination", parameters=_NAME, absent=("ResourceNotFoundException",)),
    listing=Listing(operation="DescribeDestinations", entries="destinations", key=_NAME, created="creationTime"),
)
