"""CloudWatch: alarms, dashboards and streams by name and ARN, alarm actions, roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]

OTHER = "arn:aws:cloudwatch:us-east-1:000000000000"


def test_an_alarm_is_asked_with_its_actions_and_tags(asked: Asked) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:prod"
    found = asked("cloudwatch.PutMetricAlarm", AlarmName="test a/b", AlarmActions=[topic], Tags=[{"Key": "k"}])
    assert [(request.action, request.resource) for request in found] == [
        ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:test a/b"),
        ("cloudwatch:TagResource", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:test a/b"),
    ]
    assert found[0].context["cloudwatch:alarmactions"] == (topic,)


@pytest.mark.parametrize("operation", ["DeleteAlarms", "DisableAlarmActions", "EnableAlarmActions"])
def test_each_alarm_of_a_list_is_asked_for(needs: Needs, operation: str) -> None:
    assert needs(f"cloudwatch.{operation}", AlarmNames=["test_a", "prod"]) == [
        f"cloudwatch:{operation} arn:aws:cloudwatch:::alarm:test_a",
        f"cloudwatch:{operation} arn:aws:cloudwatch:::alarm:prod",
    ]
    for wrong in ([], [""], ["*"], ["test_a", "test_*"], ["a\n"], [f"{OTHER}:alarm:*"]):
        with pytest.raises(Unresolvable):
            needs(f"cloudwatch.{operation}", AlarmNames=wrong)


def test_alarms_are_listed_by_name_or_all(needs: Needs) -> None:
    assert needs("cloudwatch.DescribeAlarms") == ["cloudwatch:DescribeAlarms *"]
    assert needs("cloudwatch.DescribeAlarms", AlarmNames=["test_a"]) == [
        "cloudwatch:DescribeAlarms arn:aws:cloudwatch:::alarm:test_a"
    ]
    with pytest.raises(Unresolvable):
        needs("cloudwatch.DescribeAlarms", AlarmNames=["test_*"])


def test_dashboards_have_no_region(needs: Needs) -> None:
    arn = "arn:aws:cloudwatch::111122223333:dashboard"
    assert needs("cloudwatch.PutDashboard", DashboardName="test_d") == [f"cloudwatch:PutDashboard {arn}/test_d"]
    assert needs("cloudwatch.DeleteDashboards", DashboardNames=["test_d", "prod"])[1] == (
        f"cloudwatch:DeleteDashboards {arn}/prod"
    )
    other = "arn:aws:cloudwatch::000000000000:dashboard/prod"
    assert needs("cloudwatch.GetDashboard", DashboardName=other) == [f"cloudwatch:GetDashboard {other}"]
    for wrong in ("", "*", "a b"):
        with pytest.raises(Unresolvable):
            needs("cloudwatch.GetDashboard", DashboardName=wrong)


def test_a_metric_stream_passes_its_role(asked: Asked) -> None:
    role = "arn:aws:iam::000000000000:role/admin"
    found = asked("cloudwatch.PutMetricStream", Name="test_s", RoleArn=role, FirehoseArn="x", OutputFormat="json")
    assert (found[1].action, found[1].resource) == ("iam:PassRole", role)
    assert found[1].context["iam:passedtoservice"] == ("streams.metrics.cloudwatch.amazonaws.com",)


def test_a_mute_rule_names_alarms(needs: Needs) -> None:
    found = needs("cloudwatch.PutAlarmMuteRule", Name="test_m", MuteTargets={"AlarmNames": ["test_a", "prod"]})
    assert found[1:] == [
        "cloudwatch:PutAlarmMuteRule arn:aws:cloudwatch:::alarm:test_a",
        "cloudwatch:PutAlarmMuteRule arn:aws:cloudwatch:::alarm:prod",
    ]


def test_metrics_have_a_namespace_and_no_resource(asked: Asked) -> None:
    (request,) = asked("cloudwatch.PutMetricData", Namespace="test")
    assert (request.resource, request.context["cloudwatch:namespace"]) == ("*", ("test",))


@pytest.mark.parametrize("operation", ["TagResource", "ListTagsForResource"])
def test_tags_by_arn(needs: Needs, operation: str) -> None:
    for arn in (f"{OTHER}:alarm:prod", "arn:aws:cloudwatch::000000000000:dashboard/prod"):
        assert needs(f"cloudwatch.{operation}", ResourceARN=arn) == [f"cloudwatch:{operation} {arn}"]
    for wrong in ("", "prod", f"{OTHER}:alarm:*", "arn:aws:sqs:eu-west-1:111122223333:x"):
        with pytest.raises(Unresolvable):
            needs(f"cloudwatch.{operation}", ResourceARN=wrong)
