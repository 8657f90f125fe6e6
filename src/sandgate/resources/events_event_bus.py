"""Buses of events."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="events-event-bus",
    type="AWS::Events::EventBus",
    service="events",
    creates=(Create(operation="CreateEventBus", names={"Name": "Name"}, arn="EventBusArn"),),
    removal=Removal(
        operation="DeleteEventBus",
        parameters={"Name": "Name"},
        key={"Name": "tail(Name)"},
        absent=("ResourceNotFoundException",),
        busy=("ValidationException",),  # it has rules
    ),
    listing=Listing(operation="ListEventBuses", entries="EventBuses", key={"Name": "Name"}, created="CreationTime"),
    after=("events-rule", "events-archive", "events-endpoint"),
)
