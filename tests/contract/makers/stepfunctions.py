"""AWS Step Functions."""

from __future__ import annotations

import json

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _machine(world: World, name: str) -> None:
    roles = world.deployer("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = roles.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    world.cleanup.append(lambda: roles.delete_role(RoleName=name))
    world.client("stepfunctions").create_state_machine(
        name=name,
        roleArn=role["Role"]["Arn"],
        definition='{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": true}}}',
    )


def _execution(world: World, name: str) -> None:
    machine = f"arn:aws:states:{world.region}:{world.account}:stateMachine:{name}"
    world.client("stepfunctions").start_execution(stateMachineArn=machine)


def _activity(world: World, name: str) -> None:
    world.client("stepfunctions").create_activity(name=name)


MAKERS = {
    "stepfunctions-state-machine": Maker(make=_machine, fill=_execution),
    "stepfunctions-activity": Maker(make=_activity),
}
