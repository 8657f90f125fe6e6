"""The AWS SDK for JavaScript v3 with nothing but the environment of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.run import Run

Call = Callable[..., Any]
FOREIGN = "AKIDEXAMPLE"


def digest(data: bytes) -> str:
    """As the scripts compute it."""
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One and a half MiB that are not one repeated byte."""
    path = tmp_path / "upload.bin"
    path.write_bytes(bytes(range(256)) * 6 * 1024)
    return path


def test_sqs_takes_its_endpoint_from_the_queue_url(javascript: Call, run: Run) -> None:
    done = javascript("sqs", "roundTrip", queue="test-js-queue")
    assert done["url"] == done["looked"]
    assert done["url"].startswith(f"{run.gate_url}/")
    assert (done["body"], done["same"], done["batch"]) == ("naïve & <one>", True, ["a", "b", "c"])


def test_sqs_names_its_error(javascript: Call, run: Run) -> None:
    error = javascript("sqs", "gone", url=f"{run.gate_url}/{run.account}/test-no-such-queue")
    assert error["kind"] == "QueueDoesNotExist"


def test_s3_puts_a_string(javascript: Call, bucket: str) -> None:
    body = "grüße " * 1000
    done = javascript("s3", "putString", Bucket=bucket, Key="a/ä b+c.txt", Body=body)
    assert (done["sha256"], done["length"]) == (digest(body.encode()), len(body.encode()))
    assert done["metadata"] == {"who": "js"}
    assert "x-amz-checksum-crc32" in done["headers"]


def test_s3_streams_a_file_in_chunks_with_a_trailer(javascript: Call, bucket: str, file: Path) -> None:
    done = javascript("s3", "putFile", Bucket=bucket, Key="file", file=str(file))
    assert done["headers"]["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert done["headers"]["content-encoding"] == "aws-chunked"
    assert (done["sha256"], done["length"]) == (digest(file.read_bytes()), file.stat().st_size)


def test_s3_streams_a_file_without_a_hash(javascript: Call, bucket: str, file: Path) -> None:
    done = javascript("s3", "putUnsignedStream", Bucket=bucket, Key="plain", file=str(file))
    assert done["headers"]["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert done["sha256"] == digest(file.read_bytes())


def test_s3_uploads_a_stream_of_unknown_length_in_parts(javascript: Call, bucket: str) -> None:
    done = javascript("s3", "uploadUnknownLength", Bucket=bucket, Key="parts", pieces=13, size=1 << 20)
    assert done["requests"] >= 5  # create, three parts of 5 MiB, complete
    assert (done["sha256"], done["length"]) == (done["wanted"], 13 << 20)
    assert done["etag"].strip('"').endswith("-3")


def test_s3_presigned_addresses(javascript: Call, bucket: str, run: Run) -> None:
    done = javascript("s3", "presigned", Bucket=bucket, Key="signed.txt", body="by address")
    assert done["url"].startswith(f"{run.gate_url}/{bucket}/")
    assert (done["statuses"], done["text"]) == ([200, 200, 403], "by address")


def test_s3_refuses_an_expired_address(javascript: Call, bucket: str) -> None:
    done = javascript("s3", "expired", Bucket=bucket, Key="signed.txt")
    assert done["status"] == 403
    assert "<Code>AccessDenied</Code>" in done["text"]


def test_dynamodb_keeps_every_type(javascript: Call, table: str) -> None:
    found = javascript("dynamodb", "roundTrip", TableName=table)
    assert found == {
        "id": {"S": "ünï"},
        "n": {"N": "12345678901234567890"},
        "b": [0, 255],
        "l": {"L": [{"NULL": True}]},
    }


def test_errors_of_the_service_are_its_classes(javascript: Call, table: str) -> None:
    assert javascript("dynamodb", "conditionFails", TableName=table) is True
    assert javascript("dynamodb", "missingTable", TableName="test_no_such_table") is True
    assert javascript("s3", "missingBucket", Bucket="test-no-such-bucket")["name"] == "NoSuchBucket"


@pytest.mark.parametrize(("module", "name"), [("s3", "AccessDenied"), ("dynamodb", "AccessDeniedException")])
def test_refusals_are_raised_by_name(javascript: Call, bucket: str, table: str, module: str, name: str) -> None:
    error = javascript(module, "foreignKey", Bucket=bucket, TableName=table, accessKeyId=FOREIGN)
    assert (error["name"], error["status"]) == (name, 403)
    assert "unknown-key" in error["message"]
    assert "sandgate run" in error["message"]


def test_a_refused_head_has_no_body(javascript: Call, bucket: str) -> None:
    assert javascript("s3", "foreignKeyHead", Bucket=bucket, accessKeyId=FOREIGN)["status"] == 403


def test_cognito_signs_in_unsigned(javascript: Call, clients: Callable[[str], Any]) -> None:
    cognito = clients("cognito-idp")
    pool = cognito.create_user_pool(PoolName="test-js")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="test-js", ExplicitAuthFlows=flows)
    client = made["UserPoolClient"]["ClientId"]
    password = "Correct-Horse-1"
    cognito.admin_create_user(UserPoolId=pool, Username="ann", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=password, Permanent=True)
    done = javascript("cognito", "signIn", ClientId=client, USERNAME="ann", PASSWORD=password)
    assert done == {"type": "Bearer", "parts": 3}
    assert javascript("cognito", "signIn", ClientId=client, USERNAME="ann", PASSWORD="x")["name"] == (
        "NotAuthorizedException"
    )
