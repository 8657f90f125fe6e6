"""AWS CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _template(name: str) -> str:
    return json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}}})


def _stack(world: World, name: str) -> None:
    world.deployer("cloudformation").create_stack(StackName=name, TemplateBody=_template(name))


def _protection(world: World, name: str) -> None:
    world.deployer("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=True)


def _stack_around(world: World, name: str) -> Mapping[str, Any]:
    _stack(world, name)
    cloudformation = world.deployer("cloudformation")
    world.cleanup.append(lambda: cloudformation.delete_stack(StackName=name))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    return {"StackName": name}


def _change_set(world: World, name: str) -> None:
    world.deployer("cloudformation").create_change_set(
        StackName=name, ChangeSetName=name, TemplateBody=_template(f"{name}-2")
    )


MAKERS = {
    "cloudformation-change-set": Maker(make=_change_set, container=_stack_around),
    "cloudformation-stack": Maker(make=_stack, fill=_protection),
}
