"""Global endpoints."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}

RESOURCE = ResourceType(
    name="events-endpoint",
    type="AWS::Events::Endpoint",
    service="events",
    creates=(Create(operation="CreateEndpoint", names=_NAME, arn="Arn"),),
    removal=Removal(operation="DeleteEndpoint", parameters=_NAME, absent=("ResourceNotFoundException",), promises=True),
    listing=Listing(
        operation="ListEndpoints", entries="Endpoints", key=_NAME, created="CreationTime", gone={"State": ("DELETING",)}
    ),
)
