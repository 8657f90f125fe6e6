"""Hosts of services are the gate's to answer for, hosts of customers are not."""

from __future__ import annotations

import pytest

from sandgate.config.load import load
from sandgate.core.registry import discover
from sandgate.proxy.known import ServiceHosts
from sandgate.routes._model import Route
from sandgate.session import cache_directory
from sandgate.wire.models import Models


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> ServiceHosts:
    """With all models and routes."""
    config = load(cwd=tmp_path_factory.mktemp("none"), environ={}, overrides={})
    routes = discover("sandgate.routes", "ROUTE", Route)
    return ServiceHosts(Models.load(cache_directory(config)), routes.values())


@pytest.mark.parametrize(
    "host",
    [
        "dynamodb.eu-west-1.amazonaws.com", "dynamodb.us-east-1.api.aws", "dynamodb-fips.us-east-1.amazonaws.com",
        "111122223333.ddb.us-east-1.amazonaws.com", "streams.dynamodb.us-east-1.amazonaws.com",
        "s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com",
        "111122223333.s3-control.us-east-1.amazonaws.com", "sts.amazonaws.com", "iam.amazonaws.com",
        "sqs.cn-north-1.amazonaws.com.cn", "queue.amazonaws.com", "eu-west-1.queue.amazonaws.com",
        "cn-north-1.queue.amazonaws.com.cn", "api.ecr.us-east-1.amazonaws.com",
        "ecr.us-east-1.api.aws", "111122223333.dkr.ecr.us-east-1.amazonaws.com", "sync-states.us-east-1.amazonaws.com",
        "cognito-idp.us-east-1.amazonaws.com", "a1b2c3.execute-api.us-east-1.amazonaws.com",
        "abc.lambda-url.us-east-1.on.aws", "test-x.auth.us-east-1.amazoncognito.com", "lambda.us-east-1.amazonaws.com",
        "logs.us-east-1.amazonaws.com", "monitoring.us-east-1.amazonaws.com",
        "runtime.sagemaker.us-east-1.amazonaws.com",
    ],
)  # fmt: skip
def test_services(hosts: ServiceHosts, host: str) -> None:
    assert host in hosts


@pytest.mark.parametrize(
    "host",
    [
        "test-b.s3.amazonaws.com", "test-b.s3.eu-west-1.amazonaws.com", "a.b.s3-eu-west-1.amazonaws.com",
        "point-111122223333.s3-accesspoint.us-east-1.amazonaws.com", "lb-1.us-east-1.elb.amazonaws.com",
        "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com", "ip-10-0-0-1.ec2.internal", "db.abc.us-east-1.rds.amazonaws.com",
        "search-x-abc.us-east-1.es.amazonaws.com", "b-1.x.c2.kafka.us-east-1.amazonaws.com",
        "a1b2-ats.iot.us-east-1.amazonaws.com", "amazonaws.com", "x.amazonaws.com", "evilamazonaws.com",
        "dynamodb.eu-west-1.amazonaws.com.evil.org", "console.aws.amazon.com", "packages.example.net", "127.0.0.1",
        "vpce-1-2.dynamodb.us-east-1.vpce.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com.",
        "evil.queue.amazonaws.com", "eu-west-1.evil.amazonaws.com",
    ],
)  # fmt: skip
def test_everything_else(hosts: ServiceHosts, host: str) -> None:
    assert host not in hosts
