"""State machines; their executions are stopped, as AWS keeps a deleted one until its last execution is over."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Probe, Removal, ResourceType

__all__ = ["RESOURCE"]

_NAME = {"name": "name"}

RESOURCE = ResourceType(
    name="stepfunctions-state-machine",
    type="AWS::StepFunctions::StateMachine",
    service="stepfunctions",
    creates=(
        Create(
            operation="CreateStateMachine",
            names=_NAME,
            arn="stateMachineArn",
            probe=Probe(
                operation="DescribeStateMachine",
                parameters={"stateMachineArn": "arn:aws:states:{region}:{account}:stateMachine:{name}"},
                absent=("StateMachineDoesNotExist",),
            ),
        ),
    ),
    removal=Removal(
        operation="DeleteStateMachine",
        parameters={"stateMachineArn": ".stateMachineArn"},
        key={"name": "last(stateMachineArn)"},
        absent=("StateMachineDoesNotExist",),
        promises=True,
    ),
    listing=Listing(operation="ListStateMachines", entries="stateMachines", key=_NAME, created="creationDate"),
    parts=(
        Part(
            listing="ListExecutions",
            given={"stateMachineArn": ".stateMachineArn"},
            fixed_listing={"statusFilter": "RUNNING"},
            entries="executions.executionArn",
            removal="StopExecution",
            parameters={"executionArn": ".@"},
            absent=("ExecutionDoesNotExist",),
            rare=True,  # AWS lists none of an express machine, whose executions last five minutes at most
        ),
    ),
    empty_first=True,
    physical={"name": "last(@)"},
)
