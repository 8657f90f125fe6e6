"""EventBridge Scheduler: groups, and the role of a target."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

ROLE = "arn:aws:iam::000000000000:role/admin"
S = "arn:aws:scheduler:::schedule"


@pytest.mark.parametrize("operation", ["GetSchedule", "DeleteSchedule", "CreateSchedule", "UpdateSchedule"])
def test_a_schedule_is_in_its_group(needs: Needs, operation: str) -> None:
    assert needs(f"scheduler.{operation}", Name="test_s") == [f"scheduler:{operation} {S}/default/test_s"]
    assert needs(f"scheduler.{operation}", Name="test_s", GroupName="test_g") == [
        f"scheduler:{operation} {S}/test_g/test_s"
    ]


@pytest.mark.parametrize("group", ["", "*", "a/b", "test_g:x", "test g", 7])
def test_what_is_no_group_is_refused(needs: Needs, group: object) -> None:
    with pytest.raises(Unresolvable):
        needs("scheduler.GetSchedule", Name="test_s", GroupName=group)
    with pytest.raises(Unresolvable):
        needs("scheduler.GetSchedule", Name=group)


def test_the_targets_role_is_passed(asked: Asked) -> None:
    found = asked("scheduler.CreateSchedule", Name="test_s", Target={"Arn": "arn:aws:sqs:x", "RoleArn": ROLE})
    assert (found[1].action, found[1].resource) == ("iam:PassRole", ROLE)
    assert found[1].context["iam:passedtoservice"] == ("scheduler.amazonaws.com",)
    with pytest.raises(Unresolvable):
        asked("scheduler.CreateSchedule", Name="test_s", Target={"RoleArn": "arn:aws:iam::111122223333:role/*"})


def test_groups_are_named_by_name_and_tagged_by_arn(needs: Needs) -> None:
    group = "arn:aws:scheduler:::schedule-group/test_g"
    assert needs("scheduler.CreateScheduleGroup", Name="test_g", Tags=[{"Key": "a", "Value": "b"}]) == [
        f"scheduler:CreateScheduleGroup {group}",
        f"scheduler:TagResource {group}",
    ]
    other = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/prod"
    assert needs("scheduler.TagResource", ResourceArn=other, Tags=[]) == [f"scheduler:TagResource {other}"]
    with pytest.raises(Unresolvable):
        needs("scheduler.TagResource", ResourceArn=other.replace("prod", "*"), Tags=[])
