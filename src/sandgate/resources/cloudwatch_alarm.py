"""Alarms over metrics, and over scheduled queries of logs."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"AlarmName": "AlarmName"}
_PROBE = Probe(
    operation="DescribeAlarms",
    parameters={"AlarmNamePrefix": "{AlarmName}"},
    absent=("ResourceNotFound",),
    shows="MetricAlarms.AlarmName",
    equals="{AlarmName}",
)
_LOG_PROBE = Probe(
    operation="DescribeAlarms",
    parameters={"AlarmNamePrefix": "{AlarmName}", "AlarmTypes.0": "LogAlarm"},
    absent=("ResourceNotFound",),
    shows="LogAlarms.AlarmName",
    equals="{AlarmName}",
)

RESOURCE = ResourceType(
    name="cloudwatch-alarm",
    type="AWS::CloudWatch::Alarm",
    service="cloudwatch",
    creates=(
        Create(operation="PutMetricAlarm", names=_NAME, probe=_PROBE),
        Create(operation="PutLogAlarm", names=_NAME, probe=_LOG_PROBE),
    ),
    removal=Removal(
        operation="DeleteAlarms",
        parameters={"AlarmNames": "AlarmName"},
        key={"AlarmName": "AlarmNames"},
        absent=("ResourceNotFound",),
        busy=("ValidationError", "ResourceConflict"),  # a composite alarm depends on it
        batch=100,
    ),
    listing=Listing(
        operation="DescribeAlarms",
        entries="MetricAlarms|LogAlarms",
        key=_NAME,
        parameters={"AlarmTypes": ["MetricAlarm", "LogAlarm"]},
    ),
    after=("cloudwatch-composite-alarm",),
)
