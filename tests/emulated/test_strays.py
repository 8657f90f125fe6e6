"""What suites without sandgate left, of many types, through a real gate and an emulator that outlives it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.ports import free_port

from sandgate.adopting import look_for_strays, started, take
from sandgate.config.load import load
from sandgate.past import past_runs
from sandgate.session import cache_directory
from sandgate.sweeping import sweep
from sandgate.tiers._venv import emulator_python

SERVICES = ("cognito-idp", "dynamodb", "events", "iam", "lambda", "logs", "s3", "sqs", "ssm")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """MiniStack, as somebody else would run it."""
    config = load(cwd=Path.cwd(), environ={}, overrides={})
    program = emulator_python(cache_directory(config), config.ministack_version, print).with_name("ministack")
    number = free_port()
    settings = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "PERSIST_STATE": "0", "GATEWAY_PORT": str(number)}
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path_factory.mktemp("ministack")), **settings}
    process = subprocess.Popen([program], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", number), timeout=1).close()
                break
            time.sleep(0.05)
        yield number
    finally:
        process.kill()
        process.wait()


def test_strays_of_many_types_are_swept_and_foreign_ones_stay(port: int, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{port}"
    tables = "".join(f'[tool.sandgate.endpoints.{name}]\nurl = "{url}"\n' for name in SERVICES)
    (tmp_path / "pyproject.toml").write_text(f'[tool.sandgate]\ntier = "endpoints"\n{tables}')

    def client(name: str) -> Any:
        return boto3.client(
            name,
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            aws_session_token="",
        )

    pools, logs, users = client("cognito-idp"), client("logs"), client("iam")
    for whose in ("test", "prod"):
        pools.create_user_pool(PoolName=f"{whose}-pool")
        logs.create_log_group(logGroupName=f"/aws/lambda/{whose}-handler")
        users.create_user(UserName=f"{whose}-user")
        users.create_access_key(UserName=f"{whose}-user")
        client("ssm").put_parameter(Name=f"/{whose}/secret", Value="x", Type="String")
        client("s3").create_bucket(Bucket=f"{whose}-bucket")
        client("s3").put_object(Bucket=f"{whose}-bucket", Key="test-key", Body=b"x")
        client("events").put_rule(Name=f"{whose}-rule", ScheduleExpression="rate(1 hour)")
    config = replace(load(cwd=tmp_path, environ={}, overrides={}), isolation="prefix")
    with started(config, progress=lambda _text: None) as run:
        found, listed = look_for_strays(run)
        assert sorted(one["name"] for one in found) == [
            "/aws/lambda/test-handler", "/test/secret", "test-bucket", "test-pool", "test-rule", "test-user",
        ]  # fmt: skip
        assert {one.kind.service for one in listed} == set(SERVICES)
        take(run, found)
        swept = sweep(run)
        assert (len(swept.removed), swept.left) == (6, ())
        assert look_for_strays(run)[0] == ()
    assert [past.alive for past in past_runs(tmp_path)] == [()]
    assert [pool["Name"] for pool in pools.list_user_pools(MaxResults=10)["UserPools"]] == ["prod-pool"]
    assert [user["UserName"] for user in users.list_users()["Users"]] == ["prod-user"]
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == ["prod-bucket"]
    assert client("s3").list_objects_v2(Bucket="prod-bucket")["KeyCount"] == 1
    assert client("events").list_rules()["Rules"][0]["Name"] == "prod-rule"
