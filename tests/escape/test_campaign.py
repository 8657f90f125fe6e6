"""The campaign itself: how much it tries, and that an attack and its twin differ in nothing but the hole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

AT_LEAST = 400
SERVICES = frozenset(
    {
        "apigateway", "apigatewayv2", "cloudformation", "cloudwatch", "cognito-identity", "cognito-idp", "dynamodb",
        "dynamodbstreams", "ec2", "ecr", "elasticache", "events", "firehose", "iam", "kinesis", "kms", "lambda", "logs",
        "rds", "resourcegroupstaggingapi", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions",
        "sts",
    }
)  # fmt: skip
"""What boto3 calls in at least one attack; s3control and execute-api are spoken to in raw HTTP."""


def _leaves(node: Any, path: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], object]]:
    """Every text of a filled case with its place, keys of maps too."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, "key", key), key
            yield from _leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, (*path, index))
    else:
        yield path, node


def test_there_are_enough_attacks(campaign: Any) -> None:
    _, attacks = campaign
    assert len({(attack.case.name, str(attack.value)) for attack in attacks}) >= AT_LEAST


def test_every_family_attacks(campaign: Any, families: Any) -> None:
    cases, attacks = campaign
    counts = Counter(attack.case.family for attack in attacks)
    assert {file.stem for file in families.HERE.glob("*.yaml")} == counts.keys()
    assert min(counts.values()) >= 5, counts
    assert {case.name for case in cases} == {attack.case.name for attack in attacks}


def test_every_service_is_attacked(campaign: Any) -> None:
    _, attacks = campaign
    called = {attack.case.call.partition(".")[0] for attack in attacks if attack.case.call}
    assert called >= SERVICES
    signed = {str(attack.case.filled(attack.value).get("service")) for attack in attacks if attack.case.http}
    assert signed >= {"execute-api"}
    assert any("/v20180820/" in str(attack.case.http) for attack in attacks)


def test_names_of_cases_and_attacks_are_unique(campaign: Any) -> None:
    cases, attacks = campaign
    assert [name for name, number in Counter(case.name for case in cases).items() if number > 1] == []
    same = Counter((attack.case.name, repr(attack.value)) for attack in attacks)
    assert [name for name, number in same.items() if number > 1] == []


def test_an_attack_differs_from_its_twin_in_the_hole_alone(campaign: Any) -> None:
    """With a mark in the hole, attack and twin are the same request; without it each is another one."""
    for attack in campaign[1]:
        case = attack.case
        assert attack.value != case.inside, attack.name
        twin, own = case.filled(case.inside), case.filled(attack.value)
        assert twin != own, attack.name
        if isinstance(case.inside, str) and isinstance(attack.value, str):
            fixed = [place for place, text in _leaves(case.http or case.params) if "<>" not in str(text)]
            given, left = dict(_leaves(twin)), dict(_leaves(own))
            assert all(given[place] == left[place] for place in fixed if not _under_hole(place)), attack.name


def _under_hole(place: tuple[object, ...]) -> bool:
    return any("<>" in str(step) for step in place)


@pytest.mark.parametrize("rule", ["outside-sandbox", "outside-account", "outside-region", "outside-run"])
def test_every_way_out_is_tried_in_many_services(campaign: Any, rule: str) -> None:
    services = {attack.case.call.partition(".")[0] for attack in campaign[1] if attack.rule == rule}
    assert len(services) >= 12, services
