"""Amazon EventBridge Scheduler."""

from __future__ import annotations

import json

from tests.contract.makers._model import Maker, World

__all__ = ["MAKERS"]


def _group(world: World, name: str) -> None:
    world.client("scheduler").create_schedule_group(Name=name)


def _schedule(world: World, name: str) -> None:
    roles = world.deployer("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = roles.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    world.cleanup.append(lambda: roles.delete_role(RoleName=name))
    world.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        State="DISABLED",
        Target={"Arn": f"arn:aws:sqs:{world.region}:{world.account}:{name}", "RoleArn": role["Role"]["Arn"]},
    )


MAKERS = {
    "scheduler-schedule": Maker(make=_schedule),
    "scheduler-schedule-group": Maker(make=_group),
}
