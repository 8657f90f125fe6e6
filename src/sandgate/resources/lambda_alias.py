"""Aliases of functions that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

RESOURCE = ResourceType(
    name="lambda-alias",
    type="AWS::Lambda::Alias",
    service="lambda",
    creates=(
        Create(operation="CreateAlias", names={"Name": "Name", "FunctionName": "last(FunctionName)"}, arn="AliasArn"),
    ),
    removal=Removal(
        operation="DeleteAlias",
        parameters={"Name": "Name", "FunctionName": "FunctionName"},
        key={"FunctionName": "last(FunctionName)"},
        absent=("ResourceNotFoundException",),
        busy=("ResourceConflictException",),
    ),
    listing=Listing(
        operation="ListAliases",
        entries="Aliases",
        key={"Name": "Name", "FunctionName": "FunctionName"},
        within={"FunctionName": "FunctionName"},
        over=Listing(operation="ListFunctions", entries="Functions", key={"FunctionName": "FunctionName"}),
    ),
    within="lambda-function",
    container={"FunctionName": "FunctionName"},
)
