"""Detectors of anomalies in log groups; each may be over several groups."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_ARN = {"anomalyDetectorArn": "anomalyDetectorArn"}

RESOURCE = ResourceType(
    name="logs-anomaly-detector",
    type="AWS::Logs::LogAnomalyDetector",
    service="logs",
    creates=(
        Create(
            operation="CreateLogAnomalyDetector",
            ids=_ARN,
            told={"detectorName": "detectorName", "logGroupArnList": "logGroupArnList"},
            arn="anomalyDetectorArn",
        ),
    ),
    removal=Removal(operation="DeleteLogAnomalyDetector", parameters=_ARN, absent=("ResourceNotFoundException",)),
    listing=Listing(
        operation="ListLogAnomalyDetectors",
        entries="anomalyDetectors",
        key=_ARN,
        name="detectorName",
        created="creationTimeStamp",
        gone={"anomalyDetectorStatus": ("DELETED",)},
    ),
    proven="model",
)
