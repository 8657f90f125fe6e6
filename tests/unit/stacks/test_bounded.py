"""Principals of templates are bounded where the account demands it, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandgate.stacks.bounded import with_boundary
from sandgate.stacks.template import Template

ARN = "arn:aws:iam::111122223333:policy/unit-tester-boundary"


def bounded(resource: dict[str, Any], defaults: dict[str, Any] | None = None) -> dict[str, Any]:
    body = {"Resources": {"R": resource}, **({"Globals": defaults} if defaults else {})}
    found = with_boundary(Template(path=Path("t.yaml"), body=body), ARN).resources["R"]
    return dict(found.get("Properties") or {})


@pytest.mark.parametrize(
    "kind", ["AWS::IAM::Role", "AWS::IAM::User", "AWS::Serverless::Function", "AWS::Serverless::StateMachine"]
)
def test_each_maker_of_principals(kind: str) -> None:
    assert bounded({"Type": kind, "Properties": {"A": 1}}) == {"A": 1, "PermissionsBoundary": ARN}
    assert bounded({"Type": kind}) == {"PermissionsBoundary": ARN}
    assert bounded({"Type": kind, "Properties": {"PermissionsBoundary": "own"}}) == {"PermissionsBoundary": "own"}


def test_what_makes_none_stays_as_it_is() -> None:
    assert bounded({"Type": "AWS::SQS::Queue", "Properties": {"A": 1}}) == {"A": 1}
    role = {"Role": "arn:aws:iam::111122223333:role/test-r"}
    assert bounded({"Type": "AWS::Serverless::Function", "Properties": role}) == role
    assert bounded({"Type": "AWS::Serverless::Function"}, {"Function": role}) == {}
    assert bounded({"Type": "AWS::Serverless::Function"}, {"Function": {"PermissionsBoundary": "own"}}) == {}


def test_a_schedules_role_too() -> None:
    events = {
        "S": {"Type": "ScheduleV2"},
        "T": {"Type": "ScheduleV2", "Properties": {"RoleArn": "r"}},
        "A": {"Type": "Api"},
    }
    made = bounded({"Type": "AWS::Serverless::Function", "Properties": {"Role": "r", "Events": events}})
    assert made["Events"]["S"] == {"Type": "ScheduleV2", "Properties": {"PermissionsBoundary": ARN}}
    assert made["Events"]["T"]["Properties"] == {"RoleArn": "r"}
    assert made["Events"]["A"] == {"Type": "Api"}
    assert "PermissionsBoundary" not in made


def test_without_a_boundary_nothing_changes() -> None:
    template = Template(path=Path("t.yaml"), body={"Resources": {"R": {"Type": "AWS::IAM::Role"}}})
    assert with_boundary(template, "") is template
