"""Activities."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"name": "name"}

RESOURCE = ResourceType(
    name="stepfunctions-activity",
    type="AWS::StepFunctions::Activity",
    service="stepfunctions",
    creates=(
        Create(
            operation="CreateActivity",
            names=_NAME,
            arn="activityArn",
            probe=Probe(
                operation="DescribeActivity",
                parameters={"activityArn": "arn:aws:states:{region}:{account}:activity:{name}"},
                absent=("ActivityDoesNotExist",),
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteActivity",
        parameters={"activityArn": ".activityArn"},
        key={"name": "last(activityArn)"},
        absent=("ActivityDoesNotExist",),
    ),
    listing=Listing(operation="ListActivities", entries="activities", key=_NAME, created="creationDate"),
    physical={"name": "last(@)"},
)
