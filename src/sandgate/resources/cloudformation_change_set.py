"""Change sets of stacks that the run did not make."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_BOTH = {"StackName": "second(StackName)", "ChangeSetName": "second(ChangeSetName)"}

RESOURCE = ResourceType(
    name="cloudformation-change-set",
    type="AWS::CloudFormation::ChangeSet",
    service="cloudformation",
    creates=(Create(operation="CreateChangeSet", names=_BOTH),),
    removal=Removal(
        operation="DeleteChangeSet",
        parameters={"StackName": "StackName", "ChangeSetName": "ChangeSetName"},
        key=_BOTH,
        absent=("ChangeSetNotFound", "ValidationError"),
        busy=("InvalidChangeSetStatus",),
    ),
    listing=Listing(
        operation="ListChangeSets",
        entries="Summaries",
        key={"StackName": "StackName", "ChangeSetName": "ChangeSetName"},
        within={"StackName": "StackName"},
        name="ChangeSetName",
        created="CreationTime",
        gone={"Status": ("DELETE_COMPLETE",)},
    ),
    within="cloudformation-stack",
    container={"StackName": "StackName"},
    as_deployer=True,
)
