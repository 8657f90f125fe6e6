"""Groups of schedules, which take their schedules with them."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}

RESOURCE = ResourceType(
    name="scheduler-schedule-group",
    type="AWS::Scheduler::ScheduleGroup",
    service="scheduler",
    creates=(Create(operation="CreateScheduleGroup", names=_NAME, arn="ScheduleGroupArn"),),
    removal=Removal(
        operation="DeleteScheduleGroup",
        parameters=_NAME,
        absent=("ResourceNotFoundException",),
        busy=("ConflictException",),
    ),
    listing=Listing(
        operation="ListScheduleGroups",
        entries="ScheduleGroups",
        key=_NAME,
        created="CreationDate",
        gone={"State": ("DELETING",)},
    ),
    after=("scheduler-schedule",),
)
