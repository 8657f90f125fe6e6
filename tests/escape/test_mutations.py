"""Calls that pass, changed at random so that they name something else: none of them leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EFFORT = pytest.mark.slow
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,9}", fullmatch=True).filter(lambda text: not text.startswith("test"))
REGIONS = ("us-east-1", "eu-west-2", "eu-west-10", "ap-southeast-2", "eu-west-1a")
ACCOUNT, REGION, OTHER = "000000000000", "eu-west-1", "111122223333"
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "dynamodb": {"TableName": "{}", "TableArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/{}"},
    "sqs": {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/000000000000/{}", "QueueName": "{}"},
    "sns": {"TopicArn": "arn:aws:sns:eu-west-1:000000000000:{}", "Name": "{}"},
    "s3": {"Bucket": "{}"},
    "lambda": {"FunctionName": "{}", "LayerName": "{}"},
    "secretsmanager": {"SecretId": "{}"},
    "kms": {"KeyId": "alias/{}", "AliasName": "alias/{}"},
    "kinesis": {"StreamName": "{}", "StreamARN": "arn:aws:kinesis:eu-west-1:000000000000:stream/{}"},
    "firehose": {"DeliveryStreamName": "{}"},
    "iam": {"RoleName": "{}", "UserName": "{}", "GroupName": "{}", "PolicyArn": "arn:aws:iam::000000000000:policy/{}"},
    "logs": {"logGroupName": "{}"},
    "events": {"Rule": "{}", "EventBusName": "{}"},
    "scheduler": {"GroupName": "{}"},
    "stepfunctions": {"stateMachineArn": "arn:aws:states:eu-west-1:000000000000:stateMachine:{}"},
    "cloudformation": {"StackName": "{}"},
    "ecr": {"repositoryName": "{}"},
    "rds": {"DBInstanceIdentifier": "{}", "DBClusterIdentifier": "{}"},
    "elasticache": {"CacheClusterId": "{}", "ReplicationGroupId": "{}"},
}
"""Members that name what an operation works on, with what they hold."""
FREE = frozenset(
    {
        ("iam", "DetachGroupPolicy", "PolicyArn"),  # these work on the group, role or user alone, which is inside
        ("iam", "DetachRolePolicy", "PolicyArn"),
        ("iam", "DetachUserPolicy", "PolicyArn"),
        ("lambda", "ListLayerVersions", "LayerName"),  # IAM knows no resource of this read
    }
)


@cache
def _siblings() -> tuple[tuple[str, str, str], ...]:
    """Service, operation and required naming member of everything that the models have."""
    session = botocore.session.Session()
    return tuple(
        (service, operation, member)
        for service, members in MEMBERS.items()
        for model in (session.get_service_model(service),)
        for operation in model.operation_names
        for shape in (model.operation_model(operation).input_shape,)
        if shape is not None
        for member in members
        if member in shape.required_members and (service, operation, member) not in FREE
    )


_PLAIN: Mapping[str, Any] = {
    "map": {},
    "integer": 1,
    "long": 1,
    "float": 1,
    "double": 1,
    "boolean": True,
    "timestamp": 1_700_000_000,
    "blob": b"x",
}


def _minimal(shape: Any, depth: int = 0) -> Any:
    """A value of a shape with nothing in it that is not required."""
    if shape.type_name == "structure":
        return {name: _minimal(shape.members[name], depth + 1) for name in shape.required_members}
    if shape.type_name == "list":
        return [_minimal(shape.member, depth + 1)] if depth < 5 else []
    names = getattr(shape, "enum", None) or ["test-value"]
    return _PLAIN.get(shape.type_name, names[0])


@pytest.fixture(scope="session")
def by_name(campaign: Any) -> list[Any]:
    """Cases whose hole holds one name inside the sandbox."""
    found = {attack.case.name for attack in campaign[1] if attack.rule in ("outside-sandbox", "outside-run")}
    return [
        case
        for case in campaign[0]
        if case.name in found and isinstance(case.inside, str) and len(re.findall("test", case.inside)) == 1
    ]


@pytest.fixture(scope="session")
def by_place(campaign: Any) -> list[Any]:
    """Cases whose hole holds an account and a region, and that are refused elsewhere."""
    found = {attack.case.name for attack in campaign[1] if attack.rule == "outside-account"}
    return [
        case
        for case in campaign[0]
        if case.name in found and isinstance(case.inside, str) and ACCOUNT in case.inside and REGION in case.inside
    ]


def _refused(result: Any) -> None:
    assert list(result.visits) == [], "it reached the upstream"
    assert (list(result.calls), result.stray) == ([], 0)
    assert len(result.refused) == 1
    assert 400 <= result.status < 500


@EFFORT
def test_another_prefix(by_name: list[Any], perform: Callable[..., Any], effort: int) -> None:
    @settings(max_examples=150 * effort, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(case=st.sampled_from(by_name), name=NAMES)
    def search(case: Any, name: str) -> None:
        _refused(perform(case, case.inside.replace("test", name)))

    search()


@EFFORT
def test_another_account_or_region(by_place: list[Any], perform: Callable[..., Any], effort: int) -> None:
    places = st.tuples(st.sampled_from((ACCOUNT, OTHER)), st.sampled_from((REGION, *REGIONS)))

    @settings(max_examples=150 * effort, deadline=None)
    @given(case=st.sampled_from(by_place), place=places.filter(lambda pair: pair != (ACCOUNT, REGION)))
    def search(case: Any, place: tuple[str, str]) -> None:
        _refused(perform(case, case.inside.replace(ACCOUNT, place[0]).replace(REGION, place[1])))

    search()


@EFFORT
def test_a_sibling_operation_on_what_is_outside(gate_of: Callable[[str], Any], effort: int) -> None:
    gate = gate_of("prefix")

    @settings(max_examples=250 * effort, deadline=None)
    @given(sibling=st.sampled_from(_siblings()), name=NAMES)
    def search(sibling: tuple[str, str, str], name: str) -> None:
        service, operation, member = sibling
        shape = gate.client(service).meta.service_model.operation_model(operation).input_shape
        value = MEMBERS[service][member].format(name.lower())
        _refused(gate.call(service, operation, {**_minimal(shape), member: value}))

    search()
