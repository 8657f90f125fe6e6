"""HTTP endpoints to which rules send events."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}

RESOURCE = ResourceType(
    name="events-api-destination",
    type="AWS::Events::ApiDestination",
    service="events",
    creates=(Create(operation="CreateApiDestination", names=_NAME, arn="ApiDestinationArn"),),
    removal=Removal(operation="DeleteApiDestination", parameters=_NAME, absent=("ResourceNotFoundException",)),
    listing=Listing(operation="ListApiDestinations", entries="ApiDestinations", key=_NAME, created="CreationTime"),
)
