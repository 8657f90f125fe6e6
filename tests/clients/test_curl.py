"""curl, which signs by itself when it is asked to: the smallest client there is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Curl = Callable[..., tuple[int, str]]


@pytest.fixture
def curl(require_tool: Callable[[str], str], environ: Mapping[str, str], tmp_path: Path) -> Curl:
    """`curl("s3", "/bucket/key", …)` gives status and body; signed with the run key unless `sign=False`."""
    program = require_tool("curl")

    def call(service: str, path: str, *arguments: str, sign: bool = True) -> tuple[int, str]:
        command = [program, "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"]
        if sign:
            command += ["--aws-sigv4", f"aws:amz:{environ['AWS_REGION']}:{service}", "--config", "-"]
        user = f'user = "{environ["AWS_ACCESS_KEY_ID"]}:{environ["AWS_SECRET_ACCESS_KEY"]}"\n'
        done = subprocess.run(
            [*command, *arguments, environ["AWS_ENDPOINT_URL"] + path],
            input=user,
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    return call


def test_dynamodb(curl: Curl, table: str) -> None:
    headers = ("-H", "X-Amz-Target: DynamoDB_20120810.DescribeTable", "-H", "Content-Type: application/x-amz-json-1.0")
    status, body = curl("dynamodb", "/", *headers, "--data", json.dumps({"TableName": table}))
    assert (status, json.loads(body)["Table"]["TableName"]) == (200, table)


def test_s3_there_and_back(curl: Curl, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 8192)
    sum_of_nothing = ("-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD")
    assert curl("s3", f"/{bucket}/curl", "--upload-file", "file", *sum_of_nothing) == (200, "")
    assert curl("s3", f"/{bucket}/curl", "--output", "back", *sum_of_nothing)[0] == 200
    assert (tmp_path / "back").read_bytes() == (tmp_path / "file").read_bytes()


def test_a_declared_hash_is_compared(curl: Curl, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"not what was signed")
    wrong = ("-H", f"x-amz-content-sha256: {'0' * 64}")
    status, body = curl("s3", f"/{bucket}/wrong", "--upload-file", "file", *wrong)
    assert (status, "<Code>XAmzContentSHA256Mismatch</Code>" in body) == (400, True)
    assert curl("s3", f"/{bucket}/wrong", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD")[0] == 404


def test_unsigned_is_refused(curl: Curl, bucket: str) -> None:
    status, body = curl("s3", f"/{bucket}/curl", sign=False)
    assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)
    assert "sandgate run" in body
