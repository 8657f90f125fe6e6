"""Alarms over other alarms; each is freed of what it depends on when another one depends on it."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"AlarmName": "AlarmName"}

RESOURCE = ResourceType(
    name="cloudwatch-composite-alarm",
    type="AWS::CloudWatch::CompositeAlarm",
    service="cloudwatch",
    creates=(
        Create(
            operation="PutCompositeAlarm",
            names=_NAME,
            probe=Probe(
                operation="DescribeAlarms",
                parameters={"AlarmNamePrefix": "{AlarmName}", "AlarmTypes.0": "CompositeAlarm"},
                absent=("ResourceNotFound",),
                shows="CompositeAlarms.AlarmName",
                equals="{AlarmName}",
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteAlarms",
        parameters={"AlarmNames": "AlarmName"},
        key={"AlarmName": "AlarmNames"},
        absent=("ResourceNotFound",),
        busy=("ValidationError", "ResourceConflict"),
        locked=("ValidationError", "ResourceConflict"),
        batch=1,  # AWS takes one composite alarm in a call
    ),
    listing=Listing(
        operation="DescribeAlarms",
        entries="CompositeAlarms",
        key=_NAME,
        parameters={"AlarmTypes": ["CompositeAlarm"]},
    ),
    prepare=(("PutCompositeAlarm", _NAME, {"AlarmRule": "FALSE"}),),
)
