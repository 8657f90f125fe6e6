"""Parameters, removed ten at a time."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="ssm-parameter",
    type="AWS::SSM::Parameter",
    service="ssm",
    creates=(
        Create(
            operation="PutParameter",
            names={"Name": "Name"},
            probe=Probe(operation="GetParameter", parameters={"Name": "{Name}"}, absent=("ParameterNotFound",)),
        ),
    ),
    removal=Removal(
        operation="DeleteParameters",
        parameters={"Names": "Name"},
        key={"Name": "Names|Name"},
        absent=("ParameterNotFound",),
        batch=10,
        also=("DeleteParameter",),
    ),
    listing=Listing(operation="DescribeParameters", entries="Parameters", key={"Name": "Name"}),
)
