"""The AWS CLI with nothing but the environment of a run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandgate.core.log import read_log
from sandgate.run import Run

Aws = Callable[..., subprocess.CompletedProcess[str]]


def said(done: subprocess.CompletedProcess[str]) -> Any:
    """What a green command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_caller_is_the_tests_identity(aws: Aws, run: Run) -> None:
    assert said(aws("sts", "get-caller-identity"))["Arn"] == run.caller


def test_the_users_own_keys_are_out_of_reach(aws: Aws, run: Run, environ: dict[str, str]) -> None:
    """The home folder holds a canary key, and a region and an addressing style that would lead elsewhere."""
    assert (Path(environ["HOME"]) / ".aws" / "credentials").is_file()
    said(aws("sts", "get-caller-identity"))
    shown = aws("configure", "list").stdout
    assert "shared-credentials-file" not in shown
    assert "ap-south-1" not in shown
    assert not any(event.get("rule") == "unknown-key" for event in read_log(run.directory / "events.jsonl"))


def test_a_key_of_somebody_else_is_refused(aws: Aws, canaries: dict[str, str]) -> None:
    """The control of the test above: had the key been used, this is what the user would have seen."""
    key, secret = canaries["AWS_ACCESS_KEY_ID"], canaries["AWS_SECRET_ACCESS_KEY"]
    done = aws("sts", "get-caller-identity", AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
    assert done.returncode != 0
    assert "AccessDenied" in done.stderr
    assert "unknown-key" in done.stderr
    assert key not in done.stderr


@pytest.mark.parametrize("size", [0, 1000, 20 * 2**20], ids=["empty", "small", "multipart"])
def test_s3_cp_there_and_back(aws: Aws, bucket: str, tmp_path: Path, size: int) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(os.urandom(size))
    for source, target in ((str(there), f"s3://{bucket}/cli/{size}"), (f"s3://{bucket}/cli/{size}", str(back))):
        done = aws("s3", "cp", "--only-show-errors", source, target)
        assert (done.returncode, done.stderr) == (0, "")
    assert back.read_bytes() == there.read_bytes()
    kept = said(aws("s3api", "head-object", "--bucket", bucket, "--key", f"cli/{size}"))
    assert kept["ContentLength"] == size
    assert ("-3" in kept["ETag"]) == (size > 8 * 2**20)  # parts of 8 MiB


def test_s3_names_its_error(aws: Aws) -> None:
    done = aws("s3", "ls", "s3://test-no-such-bucket")
    assert "NoSuchBucket" in done.stderr


def test_sqs(aws: Aws, run: Run) -> None:
    """Version 1 has an address of its own for SQS that only its option overrides; docs/how-to/other-languages.md."""
    here = ("--endpoint-url", run.gate_url)
    url = said(aws("sqs", "create-queue", "--queue-name", "test-cli", *here))["QueueUrl"]
    assert url.startswith(f"{run.gate_url}/")
    said(aws("sqs", "send-message", "--queue-url", url, "--message-body", "from the CLI", *here))
    assert said(aws("sqs", "receive-message", "--queue-url", url, *here))["Messages"][0]["Body"] == "from the CLI"


def test_dynamodb(aws: Aws, table: str) -> None:
    item = {"id": {"S": "cli"}, "n": {"N": "1"}}
    assert aws("dynamodb", "put-item", "--table-name", table, "--item", json.dumps(item)).returncode == 0
    key = json.dumps({"id": item["id"]})
    assert said(aws("dynamodb", "get-item", "--table-name", table, "--key", key))["Item"] == item
