"""CloudWatch Logs: groups by name, identifier and ARN, streams, queries, and where logs are sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
GROUP = "arn:aws:logs:eu-west-1:111122223333:log-group:"
FOREIGN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/prod"
ROLE = "arn:aws:iam::000000000000:role/admin"


@pytest.mark.parametrize(
    ("operation", "parameters", "resource"),
    [
        ("DeleteLogGroup", {"logGroupName": "/test_/a"}, f"{GROUP}/test_/a:*"),
        ("FilterLogEvents", {"logGroupName": "test_g"}, f"{GROUP}test_g:*"),
        ("FilterLogEvents", {"logGroupIdentifier": "test_g"}, f"{GROUP}test_g:*"),
        ("FilterLogEvents", {"logGroupIdentifier": FOREIGN}, f"{FOREIGN}:*"),
        ("FilterLogEvents", {"logGroupIdentifier": f"{FOREIGN}:*"}, f"{FOREIGN}:*"),
        ("AssociateKmsKey", {"resourceIdentifier": FOREIGN, "kmsKeyId": "k"}, f"{FOREIGN}:*"),
        ("CreateLogAnomalyDetector", {"logGroupArnList": [FOREIGN]}, f"{FOREIGN}:*"),
        (
            "PutLogEvents",
            {"logGroupName": "test_g", "logStreamName": "a/[$LATEST]b"},
            f"{GROUP}test_g:log-stream:a/[$LATEST]b",
        ),
        ("GetQueryResults", {"queryId": "q"}, f"{GROUP}*"),
        ("DescribeMetricFilters", {}, f"{GROUP}*"),
        ("TagLogGroup", {"logGroupName": "test_g", "tags": {"a": "b"}}, f"{GROUP}test_g"),
        ("TagResource", {"resourceArn": FOREIGN, "tags": {"a": "b"}}, FOREIGN),
        (
            "DeleteScheduledQuery",
            {"identifier": "arn:aws:logs:us-east-1:000000000000:scheduled-query:q"},
            "arn:aws:logs:us-east-1:000000000000:scheduled-query:q",
        ),
    ],
)
def test_what_a_call_works_on(asked: Asked, operation: str, parameters: dict[str, object], resource: str) -> None:
    request, *_ = asked(f"logs.{operation}", **parameters)
    assert (request.action, request.resource) == (f"logs:{operation}", resource)


@pytest.mark.parametrize(
    "name", ["", "*", "test_*", "a:b", "a b", f"{GROUP}*", GROUP, f"{GROUP}a:log-stream:b", None, 7]
)
@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("DeleteLogGroup", "logGroupName"),
        ("FilterLogEvents", "logGroupIdentifier"),
        ("PutDataProtectionPolicy", "logGroupIdentifier"),
        ("DisassociateKmsKey", "resourceIdentifier"),
        ("TagLogGroup", "logGroupName"),
    ],
)
def test_what_names_no_group_is_refused(needs: Needs, operation: str, member: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"logs.{operation}", **{member: name})


@pytest.mark.parametrize("name", ["", "*", "a:b", "a*", None])
def test_what_names_no_stream_is_refused(needs: Needs, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs("logs.PutLogEvents", logGroupName="test_g", logStreamName=name)


def test_a_name_and_an_identifier_that_disagree_are_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable):
        needs("logs.FilterLogEvents", logGroupName="test_g", logGroupIdentifier=FOREIGN)


def test_masked_values_need_their_own_action(needs: Needs) -> None:
    assert needs("logs.FilterLogEvents", logGroupName="test_g", unmask=True) == [
        "logs:FilterLogEvents arn:aws:logs:::log-group:test_g:*",
        "logs:Unmask arn:aws:logs:::log-group:test_g:*",
    ]
    assert len(needs("logs.FilterLogEvents", logGroupName="test_g", unmask=False)) == 1


def test_tags_of_a_new_group(asked: Asked) -> None:
    found = asked("logs.CreateLogGroup", logGroupName="test_g", tags={"team": "a"})
    assert [(request.action, request.resource) for request in found] == [
        ("logs:CreateLogGroup", f"{GROUP}test_g:*"),
        ("logs:TagResource", f"{GROUP}test_g"),
    ]
    assert found[0].context["aws:requesttag/team"] == ("a",)


@pytest.mark.parametrize("member", ["logGroupNames", "logGroupIdentifiers"])
def test_a_query_asks_for_each_group(needs: Needs, member: str) -> None:
    assert needs("logs.StartQuery", queryString="fields source", **{member: ["test_g", "prod"]}) == [
        "logs:StartQuery arn:aws:logs:::log-group:test_g:*",
        "logs:StartQuery arn:aws:logs:::log-group:prod:*",
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"queryString": "SOURCE logGroups(namePrefix: ['prod'])"},
        {"queryString": "#x\n source  LOGGROUPS() | limit 1", "logGroupName": "test_g"},
        {"queryString": "source = [`prod`]", "logGroupName": "test_g"},
        {"queryString": "source=`prod`", "logGroupName": "test_g"},
        {"queryString": "SELECT * FROM `prod`", "queryLanguage": "SQL", "logGroupName": "test_g"},
        {"queryString": "fields x", "queryLanguage": "PPL", "logGroupName": "test_g"},
        {"queryString": "fields x"},
        {"queryString": "fields x", "logGroupName": "*"},
    ],
)
def test_a_query_that_names_groups_by_itself_is_refused(needs: Needs, parameters: dict[str, str]) -> None:
    with pytest.raises(Unresolvable):
        needs("logs.StartQuery", **parameters)


@pytest.mark.parametrize(
    ("destination", "action"),
    [
        ("arn:aws:logs:eu-west-1:000000000000:destination:d", "logs:PutSubscriptionFilter"),
        ("arn:aws:lambda:eu-west-1:000000000000:function:f", "lambda:InvokeFunction"),
        ("arn:aws:lambda:eu-west-1:000000000000:function:f:live", "lambda:InvokeFunction"),
        ("arn:aws:kinesis:us-east-1:111122223333:stream/s", "kinesis:PutRecord"),
        ("arn:aws:firehose:us-east-1:111122223333:deliverystream/s", "firehose:PutRecord"),
    ],
)
def test_where_a_subscription_sends_to_and_as_whom(asked: Asked, destination: str, action: str) -> None:
    found = asked("logs.PutSubscriptionFilter", logGroupName="test_g", destinationArn=destination, roleArn=ROLE)
    assert [(request.action, request.resource) for request in found] == [
        ("logs:PutSubscriptionFilter", f"{GROUP}test_g:*"),
        (action, destination),
        ("iam:PassRole", ROLE),
    ]
    assert found[-1].context["iam:passedtoservice"] == ("logs.amazonaws.com",)


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "d",
        "*",
        "arn:aws:sqs:eu-west-1:111122223333:q",
        "arn:aws:logs:eu-west-1:111122223333:destination:*",
        "arn:aws:lambda:eu-west-1:111122223333:function:*",
        "arn:aws:kinesis:eu-west-1:*:stream/s",
        "arn:aws:firehose:eu-west-1:111122223333:deliverystream/",
    ],
)
def test_a_subscription_to_something_else_is_refused(needs: Needs, destination: str) -> None:
    with pytest.raises(Unresolvable):
        needs("logs.PutSubscriptionFilter", logGroupName="test_g", destinationArn=destination)


def test_a_destination_writes_to_a_stream(needs: Needs) -> None:
    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    assert needs("logs.PutDestination", destinationName="test_d", targetArn=stream, roleArn=ROLE) == [
        "logs:PutDestination arn:aws:logs:::destination:test_d",
        f"kinesis:PutRecord {stream}",
        f"iam:PassRole {ROLE}",
    ]
    for wrong in ("", "*", "arn:aws:sqs:eu-west-1:111122223333:q", f"{stream}*"):
        with pytest.raises(Unresolvable):
            needs("logs.PutDestination", destinationName="test_d", targetArn=wrong, roleArn=ROLE)


def test_an_export_writes_to_its_bucket(needs: Needs) -> None:
    assert needs("logs.CreateExportTask", logGroupName="test_g", destination="prod-b") == [
        "logs:CreateExportTask arn:aws:logs:::log-group:test_g:*",
        "s3:PutObject arn:aws:s3:::prod-b/*",
    ]
    with pytest.raises(Unresolvable):
        needs("logs.CreateExportTask", logGroupName="test_g", destination="*")


def test_both_sides_of_a_delivery(needs: Needs) -> None:
    other = "arn:aws:logs:us-east-1:000000000000:delivery-destination:d"
    assert needs("logs.CreateDelivery", deliverySourceName="s", deliveryDestinationArn=other) == [
        "logs:CreateDelivery arn:aws:logs:::delivery-source:s",
        f"logs:CreateDelivery {other}",
        "logs:CreateDelivery arn:aws:logs:::delivery:*",
    ]


def test_a_scheduled_query_passes_its_role(needs: Needs) -> None:
    assert needs("logs.CreateScheduledQuery", name="test_q", executionRoleArn=ROLE)[-1] == f"iam:PassRole {ROLE}"
