"""Stacks: the deployer's, gone when CloudFormation says DELETE_COMPLETE."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"StackName": "second(StackName)"}
_THERE = Probe(operation="DescribeStacks", parameters={"StackName": "{StackName}"}, absent=("ValidationError",))

RESOURCE = ResourceType(
    name="cloudformation-stack",
    type="AWS::CloudFormation::Stack",
    service="cloudformation",
    creates=(
        Create(operation="CreateStack", names=_NAME, arn="StackId", when=("ClientRequestToken", ("",))),
        # With a token that it knows it answers with the stack that was there.
        Create(operation="CreateStack", names=_NAME, arn="StackId", when=("ClientRequestToken", ()), probe=_THERE),
        # A change set may be the second one for a stack that somebody else is about to create, or import into.
        Create(
            operation="CreateChangeSet",
            names=_NAME,
            arn="StackId",
            probe=_THERE,
            when=("ChangeSetType", ("CREATE", "IMPORT")),
        ),
    ),
    removal=Removal(
        operation="DeleteStack",
        parameters={"StackName": "StackName"},
        key=_NAME,
        locked=("ValidationError",),
        busy=("ValidationError",),
        promises=True,
    ),
    prepare=(("UpdateTerminationProtection", {"StackName": "StackName"}, {"EnableTerminationProtection": False}),),
    listing=Listing(
        operation="ListStacks",
        entries="StackSummaries",
        key={"StackName": "StackName"},
        # All but DELETE_COMPLETE: AWS lists deleted stacks for ninety days, and their names may be taken again.
        parameters={
            "StackStatusFilter": [
                *("CREATE_IN_PROGRESS", "CREATE_FAILED", "CREATE_COMPLETE"),
                *("ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "ROLLBACK_COMPLETE"),
                *("DELETE_IN_PROGRESS", "DELETE_FAILED"),
                *("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_FAILED"),
                *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
                "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
                *("REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"),
                *("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_FAILED", "IMPORT_ROLLBACK_COMPLETE"),
            ]
        },
        created="CreationTime",
        gone={"StackStatus": ("DELETE_COMPLETE",)},
    ),
    physical={"StackName": "second(@)"},
    as_deployer=True,
    patience=1800.0,
    remark="Termination protection is switched off; what its template retains is removed after it.",
)
