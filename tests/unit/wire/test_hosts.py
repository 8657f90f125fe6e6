"""Host names of AWS, and of the gate."""

from __future__ import annotations

import pytest

from sandgate.wire.hosts import read_host


@pytest.mark.parametrize(
    ("name", "prefix", "bucket"),
    [
        ("dynamodb.eu-west-1.amazonaws.com", "dynamodb", ""),
        ("DynamoDB.eu-west-1.amazonaws.com:443", "dynamodb", ""),
        ("api.ecr.eu-west-1.amazonaws.com", "api.ecr", ""),
        ("sts.amazonaws.com", "sts", ""),
        ("iam.amazonaws.com", "iam", ""),
        ("lambda.eu-west-1.api.aws", "lambda", ""),
        ("sts.us-gov-west-1.amazonaws.com", "sts", ""),
        ("s3.amazonaws.com", "s3", ""),
        ("s3.dualstack.eu-west-1.amazonaws.com", "s3", ""),
        ("b.s3-fips.us-east-1.amazonaws.com", "s3", "b"),
        ("b.c.s3.amazonaws.com", "s3", "b.c"),
        ("s3.s3.eu-west-1.amazonaws.com", "s3", "s3"),
        ("111122223333.s3-control.eu-west-1.amazonaws.com", "s3-control", ""),
        ("s3express-control.us-east-1.amazonaws.com", "s3", ""),
        (
            "p-111122223333.op-0a.s3-outposts.eu-west-1.amazonaws.com",
            "s3",
            "arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-0a/accesspoint/p",
        ),
        (
            "p-111122223333.s3-object-lambda.eu-west-1.amazonaws.com",
            "s3",
            "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/p",
        ),
    ],
)
def test_hosts_of_aws(name: str, prefix: str, bucket: str) -> None:
    host = read_host(name)
    assert (host.known, host.endpoint_prefix, host.bucket) == (True, prefix, bucket)


@pytest.mark.parametrize(
    "name", ["127.0.0.1:4566", "localhost", "", "amazonaws.com", "amazonaws.com.evil.example", "[::1]:80"]
)
def test_other_hosts_say_nothing(name: str) -> None:
    host = read_host(name)
    assert (host.known, host.endpoint_prefix, host.bucket) == (False, "", "")
