"""Where calls end on AWS, held against what botocore's own clients send, call by call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.session import Session

from sandgate.config.load import load
from sandgate.session import cache_directory
from sandgate.tiers._aws_endpoints import AwsEndpoints, NoPlaceError, data_plane_host
from sandgate.tiers._aws_upstream import Account
from sandgate.tiers._model import Aim
from sandgate.tiers._rules import SigningRules
from sandgate.wire.models import Models

ACCOUNT = "111122223333"
CALLS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("s3", "PutObject", {"Bucket": "test-one", "Key": "a/b c", "Body": b""}),
    ("s3", "GetObject", {"Bucket": "test.with.dots", "Key": "a//b"}),
    ("s3", "HeadBucket", {"Bucket": "test-one"}),
    ("s3", "CreateBucket", {"Bucket": "test-one"}),
    ("s3", "GetBucketLocation", {"Bucket": "test-one"}),
    ("s3", "ListBuckets", {}),
    ("s3", "GetObject", {"Bucket": "{arn:s3:r}accesspoint/point", "Key": "k"}),
    ("s3control", "ListAccessPoints", {"AccountId": ACCOUNT}),
    ("s3control", "GetAccessPoint", {"AccountId": ACCOUNT, "Name": "point"}),
    ("dynamodb", "ListTables", {}),
    ("dynamodbstreams", "ListStreams", {}),
    ("iam", "ListUsers", {}),
    ("sts", "GetCallerIdentity", {}),
    ("cloudfront", "ListDistributions", {}),
    ("route53", "ListHostedZones", {}),
    ("kinesis", "ListStreams", {}),
    ("kinesis", "DescribeStreamSummary", {"StreamARN": "{arn:kinesis:r}stream/test-s"}),
    ("events", "PutEvents", {"Entries": []}),
    ("stepfunctions", "StartSyncExecution", {"stateMachineArn": "{arn:states:r}stateMachine:test-m"}),
    ("servicediscovery", "DiscoverInstances", {"NamespaceName": "test.local", "ServiceName": "s"}),
    ("cloudformation", "ListStacks", {}),
    ("lambda", "ListFunctions", {}),
    ("sqs", "ListQueues", {}),
    ("sns", "ListTopics", {}),
    ("apigateway", "GetRestApis", {}),
    ("apigatewayv2", "GetApis", {}),
    ("cognito-idp", "ListUserPools", {"MaxResults": 1}),
    ("logs", "DescribeLogGroups", {}),
    ("cloudwatch", "ListMetrics", {}),
    ("ecr", "DescribeRepositories", {}),
    ("ecs", "ListClusters", {}),
    ("ec2", "DescribeVpcs", {}),
    ("rds", "DescribeDBInstances", {}),
    ("ssm", "DescribeParameters", {}),
    ("secretsmanager", "ListSecrets", {}),
    ("kms", "ListKeys", {}),
    ("organizations", "ListRoots", {}),
    ("iot-data", "Publish", {"topic": "test"}),
    ("budgets", "DescribeBudgets", {"AccountId": ACCOUNT}),
    ("ce", "GetCostCategories", {"TimePeriod": {"Start": "2026-01-01", "End": "2026-01-02"}}),
    ("globalaccelerator", "ListAccelerators", {}),
    ("shield", "GetSubscriptionState", {}),
    ("waf", "ListRules", {}),
    ("elasticache", "DescribeCacheClusters", {}),
)
EVERYWHERE = {"s3", "iam", "sts", "dynamodb", "route53", "stepfunctions"}
"""What differs between regions and partitions; a client costs a tenth of a second."""
CALLS_EVERYWHERE = tuple(call for call in CALLS if call[0] in EVERYWHERE)
REGIONS = (
    ("aws", "eu-west-1"), ("aws", "us-east-1"), ("aws", "ap-southeast-2"),
    ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"),
)  # fmt: skip


@cache
def cache_folder() -> Path:
    return cache_directory(load(cwd=Path.cwd(), environ={}, overrides={}))


@cache
def models() -> Models:
    return Models.load(cache_folder())


@cache
def endpoints(partition: str) -> AwsEndpoints:
    return AwsEndpoints(partition, SigningRules.load(cache_folder()))


class _Sent(Exception):
    """What a client would have sent."""


@cache
def session() -> Session:
    return Session()


@cache
def client(service: str, region: str) -> Any:
    made = session().create_client(
        service,
        region_name=region,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="example",
        config=Config(s3={"us_east_1_regional_endpoint": "regional"}, parameter_validation=False),
    )

    def stop(request: Any, **_: Any) -> None:
        raise _Sent(request.url, request.headers["Authorization"])

    made.meta.events.register("before-send", stop)
    return made


def sent_by_botocore(service: str, region: str, operation: str, parameters: dict[str, Any]) -> tuple[str, ...]:
    """Host, path, signing name and region."""
    with pytest.raises(_Sent) as caught:
        client(service, region)._make_api_call(operation, dict(parameters))
    url, authorization = caught.value.args
    parts = urlsplit(url)
    text = authorization.decode() if isinstance(authorization, bytes) else authorization
    scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", text)
    assert scope
    return str(parts.hostname), parts.path, scope[2], scope[1]


def filled(parameters: dict[str, Any], partition: str, region: str) -> dict[str, Any]:
    def one(value: Any) -> Any:
        found = re.match(r"\{arn:([a-z0-9]+):r\}(.*)", value) if isinstance(value, str) else None
        return f"arn:{partition}:{found[1]}:{region}:{ACCOUNT}:{found[2]}" if found else value

    return {name: one(value) for name, value in parameters.items()}


def aim(service: str, region: str, operation: str, parameters: dict[str, Any], path: str = "/") -> Aim:
    info = models().services[service]
    return Aim(
        service=service,
        signing_name=info.signing_names[0],
        region=region,
        operation=operation,
        parameters=parameters,
        host_prefix=models().service(service).operations[operation].host_prefix,
        path=path,
    )


def table() -> Iterator[Any]:
    for number, (partition, region) in enumerate(REGIONS):
        for service, operation, parameters in CALLS if number == 0 else CALLS_EVERYWHERE:
            yield pytest.param(
                partition,
                region,
                service,
                operation,
                parameters,
                id=f"{region}-{service}-{operation}-{len(parameters)}",
            )


@pytest.mark.parametrize(("partition", "region", "service", "operation", "parameters"), list(table()))
def test_a_call_ends_and_is_signed_where_botocore_sends_it(
    partition: str, region: str, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    given = filled(parameters, partition, region)
    host, path, name, signed_for = sent_by_botocore(service, region, operation, given)
    place = endpoints(partition).place(aim(service, region, operation, given))
    assert (place.host, place.signing_name, place.region) == (host, name, signed_for)
    assert path.startswith(place.path)
    assert place.scheme == "sigv4"


def test_what_is_where_the_bucket_says() -> None:
    """Virtual-host style where a certificate covers the name, path style elsewhere."""
    found = endpoints("aws").place(aim("s3", "eu-west-1", "GetObject", {"Bucket": "test-one"}))
    assert (found.host, found.path) == ("test-one.s3.eu-west-1.amazonaws.com", "")
    found = endpoints("aws").place(aim("s3", "eu-west-1", "GetObject", {"Bucket": "test.one"}))
    assert (found.host, found.path) == ("s3.eu-west-1.amazonaws.com", "/test.one")


def test_an_operation_that_no_model_has_goes_where_its_bucket_is() -> None:
    asked = Aim(
        service="s3", signing_name="s3", region="eu-west-1", operation="PostObject", parameters={"Bucket": "test-b"}
    )
    assert endpoints("aws").place(asked).host == "test-b.s3.eu-west-1.amazonaws.com"


def test_several_regions_at_once_are_another_signature() -> None:
    point = {"Bucket": f"arn:aws:s3::{ACCOUNT}:accesspoint/abc.mrap", "Key": "k"}
    assert endpoints("aws").place(aim("s3", "eu-west-1", "GetObject", point)).scheme == "sigv4a"
    bus = {"Entries": [], "EndpointId": "abc.veo"}
    assert endpoints("aws").place(aim("events", "eu-west-1", "PutEvents", bus)).scheme == "sigv4a"


@pytest.mark.parametrize(
    ("partition", "region"),
    [
        ("aws", "cn-north-1"),
        ("aws-cn", "eu-west-1"),
        ("aws", "eu-west-1.evil.example"),
        ("aws", "eu-west-1/../x"),
        ("aws", "eu-west-1\n"),
        ("aws", "local"),
    ],
)
@pytest.mark.parametrize("service", ["dynamodb", "s3", "sqs"])
def test_a_region_of_another_partition_leads_nowhere(partition: str, region: str, service: str) -> None:
    asked = Aim(service=service, signing_name=service, region=region, operation="ListTables")
    with pytest.raises(NoPlaceError, match="has no region"):
        endpoints(partition).place(asked)


@pytest.mark.parametrize("account", ["x.evil.example/", "", "a" * 64, "-a"])
def test_a_parameter_in_a_host_is_a_label(account: str) -> None:
    asked = Aim(
        service="iam", signing_name="iam", region="eu-west-1", host_prefix="{AccountId}.", operation="X",
        parameters={"AccountId": account},
    )  # fmt: skip
    with pytest.raises(NoPlaceError, match="label"):
        endpoints("aws").place(asked)


@pytest.mark.parametrize("bucket", ["evil.example/", "a b", "../x", "arn:aws:s3:eu-west-1:1:accesspoint"])
def test_no_bucket_leads_away_from_aws(bucket: str) -> None:
    try:
        host = endpoints("aws").place(aim("s3", "eu-west-1", "GetObject", {"Bucket": bucket, "Key": "k"})).host
    except NoPlaceError:
        return
    assert host == "s3.eu-west-1.amazonaws.com"


def route(service: str, **parameters: object) -> Aim:
    return Aim(
        service=service, signing_name=service, region="eu-west-1", parameters=parameters, path="/p", data_plane=True
    )


def test_the_data_plane_has_hosts_of_its_own() -> None:
    api = route("execute-api", api="abc123", stage="Prod", path="/users/1")
    assert data_plane_host(api, "amazonaws.com") == ("abc123.execute-api.eu-west-1.amazonaws.com", "/Prod/users/1")
    url = route("lambda", url="xyz", path="/a")
    assert data_plane_host(url, "amazonaws.com") == ("xyz.lambda-url.eu-west-1.on.aws", "/a")
    keys = route("cognito-idp", UserPoolId="eu-west-1_A")
    assert data_plane_host(keys, "amazonaws.com") == ("cognito-idp.eu-west-1.amazonaws.com", "/p")
    registry = route("ecr", registryId=ACCOUNT, repositoryName="test/a")
    assert data_plane_host(registry, "amazonaws.com") == (f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com", "/p")


@pytest.mark.parametrize("aimed", [route("ecr"), route("execute-api", api="a.b/", stage="x"), route("lambda")])
def test_what_aws_does_not_have_there_is_nowhere(aimed: Aim) -> None:
    with pytest.raises(NoPlaceError):
        data_plane_host(aimed, "amazonaws.com")


def account() -> Account:
    return Account(
        sessions=cast("Any", None), endpoints=endpoints("aws"), region="eu-west-1", account=ACCOUNT, caller="",
        versions={}, aws=None,
    )  # fmt: skip


@pytest.mark.parametrize("there", [True, False])
def test_several_regions_need_the_extra(monkeypatch: pytest.MonkeyPatch, *, there: bool) -> None:
    monkeypatch.setattr("sandgate.tiers._aws_upstream.can_sign_v4a", lambda: there)
    asked = aim("events", "eu-west-1", "PutEvents", {"Entries": [], "EndpointId": "abc.veo"})
    found = account().admits(asked)
    assert found.allowed == there
    assert there or "sandgate[crt]" in found.remedy
    assert account().target(asked).scheme == "sigv4a"
    assert account().admits(aim("events", "eu-west-1", "PutEvents", {"Entries": []})).allowed


def test_an_unsigned_call_goes_to_the_runs_region() -> None:
    asked = Aim(service="cognito-idp", signing_name="cognito-idp", region="", operation="InitiateAuth")
    assert account().target(asked).host == "cognito-idp.eu-west-1.amazonaws.com"
    assert account().target(route("execute-api", api="abc", stage="s", path="/x")).path == "/s/x"
    assert not account().admits(route("ecr")).allowed
