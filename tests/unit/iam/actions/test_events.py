"""EventBridge: buses by name and ARN, the default bus, entries, targets and roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

OTHER = "arn:aws:events:us-east-1:000000000000:event-bus"
ROLE = "arn:aws:iam::000000000000:role/admin"
WRONG = ["", "test_*", "test_?", "a/b", "arn:aws:events:eu-west-1:111122223333:rule/x", "arn:aws:sqs:eu-west-1:1:x", 7]


def test_each_entry_is_asked_on_its_own_bus(asked: Asked) -> None:
    entries = [
        {"Source": "a", "DetailType": "d", "EventBusName": "test_bus"},
        {"Source": "b", "DetailType": "d", "EventBusName": f"{OTHER}/prod"},
        {"Source": "c", "DetailType": "d"},
    ]
    found = asked("events.PutEvents", Entries=entries)
    assert [(request.resource, request.context["events:source"]) for request in found] == [
        ("arn:aws:events:eu-west-1:111122223333:event-bus/test_bus", ("a",)),
        (f"{OTHER}/prod", ("b",)),
        ("arn:aws:events:eu-west-1:111122223333:event-bus/default", ("c",)),
    ]
    assert found[0].context["events:detail-type"] == ("d",)
    assert found[1].member.startswith("Entries[1]")


@pytest.mark.parametrize("bus", WRONG)
def test_a_bus_that_is_none_is_refused(needs: Needs, bus: object) -> None:
    with pytest.raises(Unresolvable):
        needs("events.PutEvents", Entries=[{"EventBusName": "test_bus"}, {"EventBusName": bus}])
    with pytest.raises(Unresolvable):
        needs("events.PutRule", Name="test_r", EventBusName=bus)
    with pytest.raises(Unresolvable):
        needs("events.DescribeEventBus", Name=bus)


def test_a_global_endpoint_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable, match="global endpoint"):
        needs("events.PutEvents", EndpointId="abcde.veo", Entries=[{"EventBusName": "test_bus"}])


@pytest.mark.parametrize("operation", ["PutRule", "DeleteRule", "DescribeRule", "EnableRule", "DisableRule"])
@pytest.mark.parametrize(
    ("bus", "resource"),
    [
        (None, "arn:aws:events:::rule/test_r"),
        ("default", "arn:aws:events:::rule/test_r"),
        ("test_bus", "arn:aws:events:::rule/test_bus/test_r"),
        (f"{OTHER}/prod", "arn:aws:events:us-east-1:000000000000:rule/prod/test_r"),
        (f"{OTHER}/default", "arn:aws:events:us-east-1:000000000000:rule/test_r"),
        ("aws.partner/x.com/1", "arn:aws:events:::rule/aws.partner/x.com/1/test_r"),
    ],
)
def test_a_rule_is_on_its_bus(needs: Needs, operation: str, bus: str | None, resource: str) -> None:
    assert needs(f"events.{operation}", Name="test_r", EventBusName=bus) == [f"events:{operation} {resource}"]


@pytest.mark.parametrize("rule", ["", "*", "test_r*", "test_bus/test_r"])
def test_a_rule_that_is_no_name_is_refused(needs: Needs, rule: str) -> None:
    with pytest.raises(Unresolvable):
        needs("events.RemoveTargets", Rule=rule, Ids=["1"])


def test_targets_are_a_key_and_their_roles_are_passed(asked: Asked) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:prod"
    found = asked("events.PutTargets", Rule="test_r", Targets=[{"Id": "1", "Arn": queue, "RoleArn": ROLE}])
    assert [(request.action, request.resource) for request in found] == [
        ("events:PutTargets", "arn:aws:events:eu-west-1:111122223333:rule/test_r"),
        ("iam:PassRole", ROLE),
    ]
    assert found[0].context["events:targetarn"] == (queue,)
    assert found[1].context["iam:passedtoservice"] == ("events.amazonaws.com",)


def test_tags_on_create_are_asked_for(needs: Needs) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    assert needs("events.PutRule", Name="test_r", EventBusName="test_bus", Tags=tags) == [
        "events:PutRule arn:aws:events:::rule/test_bus/test_r",
        "events:TagResource arn:aws:events:::rule/test_bus/test_r",
    ]
    assert needs("events.CreateEventBus", Name="test_bus", Tags=tags)[1] == (
        "events:TagResource arn:aws:events:::event-bus/test_bus"
    )


@pytest.mark.parametrize("operation", ["DescribeEventBus", "UpdateEventBus"])
def test_without_a_name_it_is_the_default_bus(needs: Needs, operation: str) -> None:
    assert needs(f"events.{operation}") == [f"events:{operation} arn:aws:events:::event-bus/default"]
    assert needs(f"events.{operation}", Name=f"{OTHER}/prod") == [f"events:{operation} {OTHER}/prod"]


def test_archives_and_replays_name_both_sides(needs: Needs) -> None:
    assert needs("events.CreateArchive", ArchiveName="test_a", EventSourceArn=f"{OTHER}/prod") == [
        "events:CreateArchive arn:aws:events:::archive/test_a",
        f"events:CreateArchive {OTHER}/prod",
    ]
    archive = "arn:aws:events:us-east-1:000000000000:archive/prod"
    found = needs(
        "events.StartReplay", ReplayName="test_r", EventSourceArn=archive, Destination={"Arn": f"{OTHER}/prod"}
    )
    assert found == [
        "events:StartReplay arn:aws:events:::replay/test_r",
        f"events:StartReplay {archive}",
        f"events:StartReplay {OTHER}/prod",
    ]


def test_a_destination_uses_a_connection(needs: Needs) -> None:
    connection = "arn:aws:events:us-east-1:000000000000:connection/prod/1234abcd-12ab-34cd-56ef-1234567890ab"
    found = needs("events.CreateApiDestination", Name="test_d", ConnectionArn=connection)
    assert found[1] == f"events:CreateApiDestination {connection}"
    with pytest.raises(Unresolvable):
        needs("events.CreateApiDestination", Name="test_d", ConnectionArn=connection.replace("prod", "*"))


def test_tags_by_arn(needs: Needs) -> None:
    assert needs("events.TagResource", ResourceARN=f"{OTHER}/prod", Tags=[]) == [f"events:TagResource {OTHER}/prod"]
    for wrong in ("", "prod", f"{OTHER}/*", "arn:aws:sqs:us-east-1:000000000000:prod"):
        with pytest.raises(Unresolvable):
            needs("events.TagResource", ResourceARN=wrong, Tags=[])
