"""Streams of metrics into Firehose."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"Name": "Name"}
_ABSENT = ("ResourceNotFoundException", "ResourceNotFound")

RESOURCE = ResourceType(
    name="cloudwatch-metric-stream",
    type="AWS::CloudWatch::MetricStream",
    service="cloudwatch",
    creates=(
        Create(
            operation="PutMetricStream",
            names=_NAME,
            arn="Arn",
            probe=Probe(operation="GetMetricStream", parameters={"Name": "{Name}"}, absent=_ABSENT),
        ),
    ),
    removal=Removal(operation="DeleteMetricStream", parameters=_NAME, absent=_ABSENT),
    listing=Listing(operation="ListMetricStreams", entries="Entries", key=_NAME, created="CreationDate"),
    proven="model",
)
