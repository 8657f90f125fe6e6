"""Functions, with their versions, aliases, URLs and settings."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType, Silent

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="lambda-function",
    type="AWS::Lambda::Function",
    service="lambda",
    creates=(Create(operation="CreateFunction", names={"FunctionName": "last(FunctionName)"}, arn="FunctionArn"),),
    removal=Removal(
        operation="DeleteFunction",
        parameters={"FunctionName": "FunctionName"},
        key={"FunctionName": "last(FunctionName)"},
        when=("Qualifier", ("",)),  # with one, only a version goes
        absent=("ResourceNotFoundException",),
        busy=("ResourceConflictException",),
    ),
    listing=Listing(operation="ListFunctions", entries="Functions", key={"FunctionName": "FunctionName"}),
    after=("lambda-event-source-mapping",),
    silent=(
        Silent(
            type="logs-log-group",
            key={"logGroupName": "/aws/lambda/{FunctionName}"},
            probe=Probe(
                operation="DescribeLogGroups",
                parameters={"logGroupNamePrefix": "{logGroupName}"},
                absent=("ResourceNotFoundException",),
                shows="logGroups.logGroupName",
                equals="{logGroupName}",
            ),
        ),
    ),
)
