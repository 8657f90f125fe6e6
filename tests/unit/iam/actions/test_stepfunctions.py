"""Step Functions: machines, versions and aliases, executions, map runs and activities by their ARNs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

A = "arn:aws:states:us-east-1:000000000000"
MACHINE = f"{A}:stateMachine:prod"
ROLE = "arn:aws:iam::000000000000:role/admin"
USES = ["StartExecution", "StartSyncExecution", "DescribeStateMachine", "ListExecutions", "ListStateMachineAliases"]


@pytest.mark.parametrize("operation", USES)
def test_a_qualifier_is_a_key_and_not_in_the_arn(asked: Asked, operation: str) -> None:
    (plain,) = asked(f"stepfunctions.{operation}", stateMachineArn=MACHINE)
    assert (plain.action, plain.resource) == (f"states:{operation}", MACHINE)
    assert "states:statemachinequalifier" not in plain.context
    (qualified,) = asked(f"stepfunctions.{operation}", stateMachineArn=f"{MACHINE}:live")
    assert qualified.resource == MACHINE
    assert qualified.context["states:statemachinequalifier"] == ("live",)


@pytest.mark.parametrize("operation", [*USES, "UpdateStateMachine", "DeleteStateMachine"])
@pytest.mark.parametrize(
    "arn",
    [
        "",
        "prod",
        "*",
        f"{A}:stateMachine:*",
        f"{A}:stateMachine:prod:*",
        f"{MACHINE}:1:2",
        f"{A}:activity:x",
        MACHINE + "\n",
        7,
    ],
)
def test_what_is_no_machine_is_refused(needs: Needs, operation: str, arn: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"stepfunctions.{operation}", stateMachineArn=arn)


def test_a_machine_passes_its_role_and_may_publish(asked: Asked) -> None:
    found = asked("stepfunctions.CreateStateMachine", name="test_m", roleArn=ROLE, publish=True, tags=[{"key": "a"}])
    assert [request.action for request in found] == [
        "states:CreateStateMachine",
        "states:PublishStateMachineVersion",
        "states:TagResource",
        "iam:PassRole",
    ]
    assert found[0].resource == "arn:aws:states:eu-west-1:111122223333:stateMachine:test_m"
    assert (found[3].resource, found[3].context["iam:passedtoservice"]) == (ROLE, ("states.amazonaws.com",))
    for wrong in ("", "test_*", "a:b", f"{MACHINE}:1"):
        with pytest.raises(Unresolvable):
            asked("stepfunctions.CreateStateMachine", name=wrong, roleArn=ROLE)


def test_aliases_and_versions_are_asked_on_their_machine(asked: Asked) -> None:
    routing = [{"stateMachineVersionArn": f"{MACHINE}:2", "weight": 100}]
    (made,) = asked("stepfunctions.CreateStateMachineAlias", name="live", routingConfiguration=routing)
    assert made.resource == MACHINE
    found = asked(
        "stepfunctions.UpdateStateMachineAlias",
        stateMachineAliasArn="arn:aws:states:eu-west-1:111122223333:stateMachine:test_m:live",
        routingConfiguration=routing,
    )
    assert [request.resource for request in found] == [
        "arn:aws:states:eu-west-1:111122223333:stateMachine:test_m",
        MACHINE,
    ]
    (deleted,) = asked("stepfunctions.DeleteStateMachineVersion", stateMachineVersionArn=f"{MACHINE}:2")
    assert deleted.context["states:statemachinequalifier"] == ("2",)


@pytest.mark.parametrize("operation", ["StopExecution", "DescribeExecution", "GetExecutionHistory", "RedriveExecution"])
def test_an_execution_is_its_arn(needs: Needs, operation: str) -> None:
    for arn in (f"{A}:execution:prod:run", f"{A}:execution:prod/label:run"):
        assert needs(f"stepfunctions.{operation}", executionArn=arn) == [f"states:{operation} {arn}"]
    for wrong in ("", "run", f"{A}:execution:prod:*", f"{A}:execution:*:run", MACHINE):
        with pytest.raises(Unresolvable):
            needs(f"stepfunctions.{operation}", executionArn=wrong)


def test_express_executions_can_be_described_alone(needs: Needs) -> None:
    arn = f"{A}:express:prod:run:1234"
    assert needs("stepfunctions.DescribeExecution", executionArn=arn) == [f"states:DescribeExecution {arn}"]
    with pytest.raises(Unresolvable):
        needs("stepfunctions.StopExecution", executionArn=arn)


def test_map_runs_and_activities_are_their_arns(needs: Needs) -> None:
    run = f"{A}:mapRun:prod/label:run"
    assert needs("stepfunctions.UpdateMapRun", mapRunArn=run) == [f"states:UpdateMapRun {run}"]
    assert needs("stepfunctions.ListExecutions", mapRunArn=run) == [f"states:ListExecutions {run}"]
    activity = f"{A}:activity:prod"
    assert needs("stepfunctions.GetActivityTask", activityArn=activity) == [f"states:GetActivityTask {activity}"]
    assert needs("stepfunctions.CreateActivity", name="test_a") == [
        "states:CreateActivity arn:aws:states:::activity:test_a"
    ]
    for wrong in ("", "prod", f"{A}:activity:*"):
        with pytest.raises(Unresolvable):
            needs("stepfunctions.GetActivityTask", activityArn=wrong)
    with pytest.raises(Unresolvable):
        needs("stepfunctions.ListExecutions")


def test_a_tested_state_may_show_secrets_and_pass_a_role(needs: Needs) -> None:
    assert needs("stepfunctions.TestState", definition="{}") == ["states:TestState *"]
    assert needs("stepfunctions.TestState", definition="{}", revealSecrets=True, roleArn=ROLE)[1:] == [
        "states:RevealSecrets *",
        f"iam:PassRole {ROLE}",
    ]
