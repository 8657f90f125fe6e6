"""What IAM knows, and what a document grants outside."""

from __future__ import annotations

import pytest

from sandgate.guard.templates.grants import granted_outside, known_action

judge = granted_outside(["arn:aws:s3:::test-*"])


@pytest.mark.parametrize(
    ("action", "known"),
    [("s3:GetObject", True), ("s3:GetObjectMetadata", False), ("dynamodb:Describe*", False), ("glue:Anything", True)],
)
def test_actions_that_do_not_exist_are_told(action: str, known: bool) -> None:
    assert known_action(action) is known


@pytest.mark.parametrize(
    ("action", "resource", "inside"),
    [
        ("s3:GetObject", "arn:aws:s3:::test-b/*", True),
        ("s3:*", "arn:aws:s3:::test-b/*", True),
        ("s3:GetObject", "arn:aws:s3:::te*", False),
        ("s3:GetObject", "*", False),
        ("s3:ListAllMyBuckets", "*", True),
        ("ec2:DescribeRegions", "*", True),
        ("cloudwatch:PutMetricData", "*", True),
        ("xray:PutTraceSegments", "*", True),
        ("xray:GetTraceSummaries", "*", False),
        ("cognito-idp:CreateUserPool", "*", False),
    ],
)
def test_what_is_granted_outside(action: str, resource: str, inside: bool) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    assert (judge({"Version": "2012-10-17", "Statement": [statement]}) == ()) is inside


def test_a_document_that_cannot_be_read_is_no_proof() -> None:
    assert judge({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Actions": "s3:GetObject"}]})
