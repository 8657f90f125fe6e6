"""Connections, each with a secret of its own that goes with it."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}

RESOURCE = ResourceType(
    name="events-connection",
    type="AWS::Events::Connection",
    service="events",
    creates=(Create(operation="CreateConnection", names=_NAME, arn="ConnectionArn"),),
    removal=Removal(
        operation="DeleteConnection", parameters=_NAME, absent=("ResourceNotFoundException",), promises=True
    ),
    listing=Listing(
        operation="ListConnections",
        entries="Connections",
        key=_NAME,
        created="CreationTime",
        gone={"ConnectionState": ("DELETING",)},
    ),
    after=("events-api-destination",),
)
