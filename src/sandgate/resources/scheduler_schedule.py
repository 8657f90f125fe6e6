"""Schedules, in whatever group."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_KEY = {"GroupName": "GroupName", "Name": "Name"}
_NAMES = {"GroupName": "GroupName|=default", "Name": "Name"}

RESOURCE = ResourceType(
    name="scheduler-schedule",
    type="AWS::Scheduler::Schedule",
    service="scheduler",
    creates=(Create(operation="CreateSchedule", names=_NAMES, arn="ScheduleArn"),),
    removal=Removal(
        operation="DeleteSchedule",
        parameters=_KEY,
        key=_NAMES,
        absent=("ResourceNotFoundException",),
        busy=("ConflictException",),
    ),
    listing=Listing(operation="ListSchedules", entries="Schedules", key=_KEY, name="Name", created="CreationDate"),
    physical={"GroupName": "=default", "Name": "@"},
)
