"""What whole botocore clients send, with their handlers, checksums and signers; nothing leaves the process."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from sandgate.wire.http import Request
from sandgate.wire.identify import Identified, match, parse
from sandgate.wire.models import Models

Capture = Callable[..., Identified]
EU = {"LocationConstraint": "eu-west-1"}
ENDPOINT = "http://127.0.0.1:4566"


class _Raw(io.BytesIO):
    """The little of urllib3's response that botocore asks for."""

    def stream(self, **_: object) -> Any:
        yield self.read()


def scope(request: Any) -> str:
    """The service of the credential scope; empty without SigV4."""
    authorization = request.headers.get("Authorization", b"")
    text = authorization.decode() if isinstance(authorization, bytes) else authorization
    _, found, rest = text.partition("Credential=")
    return rest.split(",")[0].split("/")[3] if found else ""


def identified(models: Models, sent: Any) -> Identified:
    parts = urlsplit(sent.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    head = [(name, value.decode() if isinstance(value, bytes) else str(value)) for name, value in sent.headers.items()]
    # With awscrt botocore signs by that, which writes the host down itself.
    others = [(name, value) for name, value in head if name.lower() != "host"]
    request = Request.of(sent.method, target, [("host", parts.netloc), *others])
    found = match(request, models, signing_name=scope(sent))
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    held = body if isinstance(body, bytes) else b""
    return parse(found, request, models, None if found.body == "stream" else held)


@pytest.fixture
def capture(models: Models, monkeypatch: pytest.MonkeyPatch) -> Capture:
    """Call a method of a client, and identify what it sends."""
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")

    def run(service: str, method: str, parameters: dict[str, Any] | None = None, **config: Any) -> Identified:
        session = boto3.Session("example", "example", region_name="eu-west-1")
        endpoint = config.pop("endpoint", ENDPOINT)
        options = Config(retries={"total_max_attempts": 1}, disable_request_compression=False, **config)
        make: Any = session.client
        client = make(service, endpoint_url=endpoint, config=options)
        seen: list[Any] = []

        def answer(request: Any, **_: object) -> AWSResponse:
            seen.append(request)
            return AWSResponse(request.url, 400, HTTPHeaders(), _Raw(b"{}"))

        client.meta.events.register("before-send.*.*", answer)
        try:
            getattr(client, method)(**(parameters or {}))
        except Exception:  # noqa: BLE001  the answer makes sense to nobody
            assert seen
        return identified(models, seen[0])

    return run


@pytest.mark.parametrize(
    ("service", "method", "parameters", "expected"),
    [
        ("dynamodb", "put_item", {"TableName": "t", "Item": {"a": {"B": b"x"}}}, "dynamodb.PutItem"),
        ("sqs", "send_message", {"QueueUrl": f"{ENDPOINT}/000000000000/q", "MessageBody": "m"}, "sqs.SendMessage"),
        ("sns", "publish", {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "Message": "m"}, "sns.Publish"),
        ("sts", "get_caller_identity", {}, "sts.GetCallerIdentity"),
        (
            "sts",
            "assume_role_with_web_identity",
            {"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "session", "WebIdentityToken": "token"},
            "sts.AssumeRoleWithWebIdentity",
        ),
        ("iam", "list_users", {}, "iam.ListUsers"),
        ("cognito-idp", "sign_up", {"ClientId": "c", "Username": "u", "Password": "password"}, "cognito-idp.SignUp"),
        ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}, "lambda.Invoke"),
        ("apigateway", "get_rest_apis", {}, "apigateway.GetRestApis"),
        ("apigatewayv2", "get_apis", {}, "apigatewayv2.GetApis"),
        ("route53", "list_hosted_zones", {}, "route53.ListHostedZones"),
        ("cloudformation", "describe_stacks", {"StackName": "test-s"}, "cloudformation.DescribeStacks"),
        ("ec2", "describe_instances", {"InstanceIds": ["i-1", "i-2"]}, "ec2.DescribeInstances"),
        ("elb", "describe_load_balancers", {}, "elb.DescribeLoadBalancers"),
        ("elbv2", "describe_load_balancers", {}, "elbv2.DescribeLoadBalancers"),
        ("cloudwatch", "list_metrics", {}, "cloudwatch.ListMetrics"),
        ("cloudsearchdomain", "search", {"query": "star wars"}, "cloudsearchdomain.Search"),
        ("glacier", "list_vaults", {}, "glacier.ListVaults"),
        ("s3control", "get_access_point", {"AccountId": "111122223333", "Name": "p-p"}, "s3control.GetAccessPoint"),
        ("ses", "list_identities", {}, "ses.ListIdentities"),
        ("sesv2", "list_email_identities", {}, "sesv2.ListEmailIdentities"),
        ("ssm", "get_parameter", {"Name": "/test/p"}, "ssm.GetParameter"),
        ("secretsmanager", "get_secret_value", {"SecretId": "test-s"}, "secretsmanager.GetSecretValue"),
        ("opensearch", "list_domain_names", {}, "opensearch.ListDomainNames"),
        ("s3", "list_buckets", {}, "s3.ListBuckets"),
        ("s3", "create_bucket", {"Bucket": "b", "CreateBucketConfiguration": EU}, "s3.CreateBucket"),
        ("s3", "list_objects_v2", {"Bucket": "test-b", "Prefix": "a b+c"}, "s3.ListObjectsV2"),
        ("s3", "get_object", {"Bucket": "test-b", "Key": "a b+c/é"}, "s3.GetObject"),
        ("s3", "head_object", {"Bucket": "test-b", "Key": "k"}, "s3.HeadObject"),
        ("s3", "copy_object", {"Bucket": "test-b", "Key": "k", "CopySource": "o/k"}, "s3.CopyObject"),
        ("s3", "delete_objects", {"Bucket": "test-b", "Delete": {"Objects": [{"Key": "k"}]}}, "s3.DeleteObjects"),
        ("s3", "get_bucket_location", {"Bucket": "test-b"}, "s3.GetBucketLocation"),
    ],
)  # fmt: skip
def test_a_clients_request_is_its_call(
    capture: Capture, service: str, method: str, parameters: dict[str, Any], expected: str
) -> None:
    found = capture(service, method, parameters)
    assert f"{found.service}.{found.operation}" == expected
    sent = dict(parameters)
    if service == "glacier":
        sent["accountId"] = "-"
    assert sent.items() <= found.parameters.items()


def test_an_upload_with_checksum_streams(capture: Capture) -> None:
    found = capture("s3", "put_object", {"Bucket": "test-b", "Key": "k", "Body": b"12345", "Metadata": {"a": "b"}})
    assert (found.operation, found.streaming_member) == ("PutObject", "Body")
    assert found.parameters["Metadata"] == {"a": "b"}
    assert "Body" not in found.parameters


def test_buckets_of_real_hosts(capture: Capture) -> None:
    found = capture("s3", "get_object", {"Bucket": "test-b", "Key": "a/k"}, endpoint=None)
    assert found.parameters.items() >= {"Bucket": "test-b", "Key": "a/k"}.items()
    found = capture(
        "s3", "get_object", {"Bucket": "test-b", "Key": "a/k"}, endpoint=None, s3={"use_dualstack_endpoint": True}
    )
    assert found.parameters.items() >= {"Bucket": "test-b", "Key": "a/k"}.items()
    arn = "arn:aws:s3:eu-west-1:111122223333:accesspoint/point"
    found = capture("s3", "get_object", {"Bucket": arn, "Key": "a/k"}, endpoint=None)
    assert found.parameters.items() >= {"Bucket": arn, "Key": "a/k"}.items()


@pytest.mark.parametrize("signature", ["s3", "s3v4"])
@pytest.mark.parametrize(
    ("method", "parameters", "expected"),
    [
        ("get_object", {"Bucket": "test-b", "Key": "a b", "ResponseContentType": "text/plain"}, "GetObject"),
        ("put_object", {"Bucket": "test-b", "Key": "k", "ACL": "private", "Metadata": {"a": "b"}}, "PutObject"),
        ("upload_part", {"Bucket": "test-b", "Key": "k", "PartNumber": 1, "UploadId": "u"}, "UploadPart"),
        ("list_objects_v2", {"Bucket": "test-b"}, "ListObjectsV2"),
    ],
)
def test_presigned_urls(models: Models, signature: str, method: str, parameters: dict[str, Any], expected: str) -> None:
    session = boto3.Session("example", "example", region_name="eu-west-1")
    client = session.client("s3", endpoint_url=ENDPOINT, config=Config(signature_version=signature))
    url = client.generate_presigned_url(method, Params=parameters)
    parts = urlsplit(url)
    # A presigned URL carries no headers: what SigV4 signs as a header, its user must send.
    signed = {"x-amz-acl": "private", "x-amz-meta-a": "b"} if "ACL" in parameters and signature == "s3v4" else {}
    http = {"PutObject": "PUT", "UploadPart": "PUT"}.get(expected, "GET")
    request = Request.of(http, f"{parts.path}?{parts.query}", [("host", parts.netloc), *signed.items()])
    found = match(request, models, signing_name="s3" if signature == "s3v4" else "")
    back = parse(found, request, models, None if found.body == "stream" else b"")
    assert (back.operation, back.parameters) == (expected, parameters)
