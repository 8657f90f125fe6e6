"""Only what a key of this run signed goes upstream; everything else is refused as the service itself would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandgate.run import Run

CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "json": ("dynamodb", "list_tables", {}),
    "json, query compatible": ("sqs", "list_queues", {}),
    "query": ("sns", "list_topics", {}),
    "rest-json": ("lambda", "list_functions", {}),
    "rest-xml": ("s3", "list_buckets", {}),
    "rest-xml, not S3": ("cloudfront", "list_distributions", {}),
    "ec2": ("ec2", "describe_vpcs", {}),
    "cbor": ("cloudwatch", "list_metrics", {}),
}
FOREIGN = [
    "test",
    "000000000000",
    "111122223333",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "SGATEAAAAAAAAAAAAAAA",
]


def _client(run: Run, service: str, key: str, secret: str, **config: Any) -> Any:
    return boto3.client(
        service,
        endpoint_url=run.gate_url,
        region_name=run.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}, **config),
    )


def _refused(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call()
    return dict(caught.value.response)


@pytest.mark.parametrize("protocol", CALLS)
@pytest.mark.parametrize("key", FOREIGN)
def test_foreign_keys_are_refused_natively(run: Run, protocol: str, key: str) -> None:
    service, method, parameters = CALLS[protocol]
    response = _refused(lambda: getattr(_client(run, service, key, "test"), method)(**parameters))
    assert response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    text = response["Error"]["Message"]
    assert "unknown-key" in text
    assert "sandgate run" in text
    assert key not in text or len(key) <= 8


@pytest.mark.parametrize("protocol", CALLS)
def test_a_wrong_secret_is_refused_natively(run: Run, protocol: str) -> None:
    service, method, parameters = CALLS[protocol]
    key = run.boto_session().get_credentials().access_key
    response = _refused(lambda: getattr(_client(run, service, key, "wrong"), method)(**parameters))
    assert response["Error"]["Code"] in {"SignatureDoesNotMatch", "InvalidSignatureException"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("protocol", CALLS)
def test_unsigned_calls_are_refused(run: Run, protocol: str) -> None:
    service, method, parameters = CALLS[protocol]
    client = _client(run, service, "a", "b", signature_version=UNSIGNED)
    before = run.status()
    response = _refused(lambda: getattr(client, method)(**parameters))
    # Without a scope nothing tells Lambda's paths from S3's, nor an SNS action from one that does not exist.
    assert response["ResponseMetadata"]["HTTPStatusCode"] in {400, 403}, response
    after = run.status()
    assert after["calls"] == before["calls"]
    assert after["refused_total"] == before["refused_total"] + 1


@pytest.mark.parametrize("protocol", ["json", "json, query compatible", "rest-xml", "cbor"])
def test_unsigned_calls_are_refused_natively(run: Run, protocol: str) -> None:
    service, method, parameters = CALLS[protocol]
    client = _client(run, service, "a", "b", signature_version=UNSIGNED)
    response = _refused(lambda: getattr(client, method)(**parameters))
    assert response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
    assert "rule unsigned" in response["Error"]["Message"]


@pytest.fixture(scope="module")
def unguarded(make_run: Any) -> Iterator[Run]:
    """For services that no sandbox knows: here it is keys that matter."""
    with make_run(unsafe_no_guard=True) as own:
        yield own


@pytest.mark.parametrize("protocol", CALLS)
def test_the_run_key_passes(unguarded: Run, protocol: str) -> None:
    service, method, parameters = CALLS[protocol]
    assert getattr(unguarded.clients()(service), method)(**parameters)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_refusal_of_head_has_no_body(raw: Any, run: Run) -> None:
    before = run.status()["refused_total"]
    wrong = Credentials("AKIAIOSFODNN7EXAMPLE", "x")
    answer = raw.answer(raw.signed("HEAD", "/test-b/k", service="s3", keys=wrong))
    assert answer.status == 403
    assert answer.body == b""
    status = run.status()
    assert status["refused_total"] == before + 1
    response = _refused(lambda: _client(run, "s3", "AKIAIOSFODNN7EXAMPLE", "x").head_object(Bucket="test-b", Key="k"))
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_changed_body_does_not_fit_the_signature(raw: Any) -> None:
    target = {"X-Amz-Target": "DynamoDB_20120810.CreateTable", "Content-Type": "application/x-amz-json-1.0"}
    data = raw.signed(
        "POST", "/", service="dynamodb", headers=target, body=b'{"TableName":"a"}', send=b'{"TableName":"b"}'
    )
    answer = raw.answer(data)
    assert answer.status == 403
    assert "InvalidSignatureException" in answer.headers["x-amzn-errortype"]


@pytest.fixture(scope="module")
def bucket(clients: Any) -> str:
    clients("s3").create_bucket(Bucket="test-gate-keys")
    return "test-gate-keys"


@pytest.mark.parametrize("size", [10, 64 * 1024, 300_000, 3_000_000])
def test_a_body_that_is_not_the_declared_one_is_not_stored(raw: Any, clients: Any, bucket: str, size: int) -> None:
    signed, sent = b"a" * size, b"a" * (size - 1) + b"b"
    answer = raw.answer(raw.signed("PUT", f"/{bucket}/tampered", service="s3", body=signed, send=sent))
    assert answer.status == 400, answer
    assert b"XAmzContentSHA256Mismatch" in answer.body
    assert "Contents" not in clients("s3").list_objects_v2(Bucket=bucket, Prefix="tampered")
    assert raw.answer(raw.signed("PUT", f"/{bucket}/good-{size}", service="s3", body=sent)).status == 200
    assert clients("s3").get_object(Bucket=bucket, Key=f"good-{size}")["Body"].read() == sent


INTERNAL = [
    "/_ministack/reset", "/_ministack/config", "/_ministack/health", "/_localstack/health", "/%5fministack/reset",
    "/_mini%73tack/reset", "//_ministack/reset", "/_MINISTACK/reset",
]  # fmt: skip


@pytest.mark.parametrize("path", INTERNAL)
@pytest.mark.parametrize("sign", [True, False])
def test_paths_of_the_emulator_itself_are_refused(raw: Any, clients: Any, bucket: str, path: str, sign: bool) -> None:
    if sign:
        data = raw.signed("POST", path, service="s3")
    else:
        data = f"POST {path} HTTP/1.1\r\nHost: {raw.host}\r\nContent-Length: 0\r\n\r\n".encode()
    answer = raw.answer(data)
    assert answer.status in {403, 404, 405}, answer
    assert clients("s3").head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_unsigned_operations_pass_and_are_anonymous(run: Run, upstream_clients: Any) -> None:
    cognito = upstream_clients("cognito-idp")
    pool = cognito.create_user_pool(PoolName="test-gate-keys")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]["ClientId"]
    open_client = _client(run, "cognito-idp", "a", "b", signature_version=UNSIGNED)
    found = open_client.sign_up(ClientId=client, Username="test-user", Password="Password-1!")
    assert found["UserSub"]
    calls = [json.loads(line) for line in (run.directory / "events.jsonl").read_text().splitlines()]
    (call,) = [c for c in calls if c.get("operation") == "SignUp"]
    assert call["principal"] == "anonymous"
    response = _refused(lambda: open_client.admin_get_user(UserPoolId=pool, Username="test-user"))
    assert response["Error"]["Code"] == "AccessDeniedException"


def test_minted_credentials_are_surrogates_that_work(run: Run, upstream_clients: Any) -> None:
    allowed = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [allowed]}
    role = upstream_clients("iam").create_role(RoleName="test-gate", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    minted = run.clients()("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    assert not minted["AccessKeyId"].startswith(("ASIA", "AKIA"))
    assumed = boto3.client(
        "sts",
        endpoint_url=run.gate_url,
        region_name=run.region,
        aws_access_key_id=minted["AccessKeyId"],
        aws_secret_access_key=minted["SecretAccessKey"],
        aws_session_token=minted["SessionToken"],
    )
    assert assumed.get_caller_identity()["Arn"].endswith("assumed-role/test-gate/session")
    without = boto3.client(
        "sts",
        endpoint_url=run.gate_url,
        region_name=run.region,
        aws_access_key_id=minted["AccessKeyId"],
        aws_secret_access_key=minted["SecretAccessKey"],
    )
    assert _refused(without.get_caller_identity)["ResponseMetadata"]["HTTPStatusCode"] == 403
