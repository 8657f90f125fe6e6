"""The tier `endpoints` through a real gate: two emulators at once, and one that only listens."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.ports import free_port

from sandgate.config.load import load
from sandgate.errors import EnvironmentFault, SandgateError
from sandgate.run import Run
from sandgate.session import cache_directory
from sandgate.tiers._venv import emulator_python

TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def direct(service: str, port: int, region: str = "eu-west-1") -> Any:
    """A client that goes around the gate."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        aws_session_token="",
    )


def moto_command(port: int) -> str:
    return f"exec '{sys.executable}' -c 'import moto.server as s; s.main([\"-p\", \"{port}\"])'"


@contextlib.contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """moto's server, as somebody else would run it."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", moto_command(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {"moto": free_port(), "ministack": free_port()}


@pytest.fixture(scope="module")
def two(make_run: Callable[..., Any], ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """DynamoDB on moto, S3, SQS and STS on MiniStack, both started and stopped by the run."""
    config = load(cwd=Path.cwd(), environ={}, overrides={})
    program = emulator_python(cache_directory(config), config.ministack_version, print).with_name("ministack")
    quiet = f"IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 PERSIST_STATE=0 TMPDIR='{tmp_path_factory.mktemp('ministack')}'"
    ministack = f"{quiet} GATEWAY_PORT={ports['ministack']} exec '{program}'"
    toml = f"""
        tier = "endpoints"
        region = "eu-west-1"
        [tool.sandgate.endpoints.dynamodb]
        url = "http://localhost:{ports["moto"]}"
        region = "eu-central-1"
        start = {json.dumps(moto_command(ports["moto"]))}
        health = "http://127.0.0.1:{ports["moto"]}/moto-api/data.json"
        [tool.sandgate.endpoints.s3]
        url = "http://127.0.0.1:{ports["ministack"]}"
        start = {json.dumps(ministack)}
        [tool.sandgate.endpoints.sqs]
        url = "http://127.0.0.1:{ports["ministack"]}/"
        start = {json.dumps(ministack)}
        [tool.sandgate.endpoints.sts]
        url = "http://127.0.0.1:{ports["ministack"]}"
        """
    with make_run(toml) as run:
        yield run


def test_each_service_ends_at_its_own_emulator(two: Run, ports: dict[str, int]) -> None:
    clients = two.clients()
    clients("dynamodb").create_table(TableName="test-here", **TABLE)
    place = {"LocationConstraint": "eu-west-1"}
    clients("s3").create_bucket(Bucket="test-here", CreateBucketConfiguration=place)
    clients("s3").put_object(Bucket="test-here", Key="a b/ü", Body=b"x" * 100_000)
    assert clients("s3").get_object(Bucket="test-here", Key="a b/ü")["Body"].read() == b"x" * 100_000
    # On moto, in the region of its table, and nowhere else.
    assert direct("dynamodb", ports["moto"], "eu-central-1").list_tables()["TableNames"] == ["test-here"]
    assert direct("dynamodb", ports["moto"], "eu-west-1").list_tables()["TableNames"] == []
    assert direct("dynamodb", ports["ministack"], "eu-central-1").list_tables()["TableNames"] == []
    assert [b["Name"] for b in direct("s3", ports["ministack"]).list_buckets()["Buckets"]] == ["test-here"]
    assert direct("s3", ports["moto"]).list_buckets()["Buckets"] == []


def test_a_queue_has_the_gates_address(two: Run) -> None:
    sqs = two.clients()("sqs")
    url = sqs.create_queue(QueueName="test-queue")["QueueUrl"]
    assert url.startswith(f"{two.gate_url}/")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert [m["Body"] for m in sqs.receive_message(QueueUrl=url)["Messages"]] == ["hello"]


def test_a_service_without_url_is_refused_with_the_line_that_allows_it(two: Run) -> None:
    with pytest.raises(ClientError) as caught:
        two.clients()("sns").list_topics()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    said = caught.value.response["Error"]["Message"]
    assert said.endswith('to allow it, in [tool.sandgate]: endpoints.sns.url = "http://HOST:PORT"')
    assert "sns" not in two.status()["reached"]


def test_who_calls_is_what_sts_says(two: Run) -> None:
    said = two.clients()("sts").get_caller_identity()
    assert (two.account, two.caller) == (said["Account"], said["Arn"])
    assert two.account == "000000000000"


def test_what_the_run_made_is_left_over(two: Run) -> None:
    sqs = two.clients()("sqs")
    url = sqs.create_queue(QueueName="test-left")["QueueUrl"]
    assert [e["name"].rpartition("/")[2] for e in two.leftovers() if "SQS" in e["type"]].count("test-left") == 1
    sqs.delete_queue(QueueUrl=url)
    assert not [e for e in two.leftovers() if e["name"].endswith("/test-left")]


def test_a_command_that_services_share_runs_once(two: Run) -> None:
    lines = (two.directory / "endpoints.log").read_text().splitlines()
    assert len([line for line in lines if line.startswith("$ ")]) == 2


def test_what_was_there_before_is_not_left_over(make_run: Callable[..., Any]) -> None:
    port = free_port()
    toml = f'tier = "endpoints"\n[tool.sandgate.endpoints.dynamodb]\nurl = "http://127.0.0.1:{port}"\n'
    with serving(port) as server:
        # More than a page of a listing.
        for number in range(105):
            direct("dynamodb", port, "us-east-1").create_table(TableName=f"older-{number:03}", **TABLE)
        with make_run(toml) as run:
            run.clients()("dynamodb").create_table(TableName="test-zz-new", **TABLE)
            assert (run.account, run.caller) == ("", "")
            assert run.leftovers() == [{"type": "AWS::DynamoDB::Table", "name": "test-zz-new", "unknown": ""}]
            # An emulator that cannot be asked any more has not become empty.
            server.kill()
            server.wait()
            (left,) = run.leftovers()
            assert (left["type"], left["name"]) == ("", "dynamodb")
            assert "refused" in left["unknown"].lower()


def test_nothing_listens(make_run: Callable[..., Any]) -> None:
    toml = f'tier = "endpoints"\n[tool.sandgate.endpoints.s3]\nurl = "http://127.0.0.1:{free_port()}"\n'
    began = time.monotonic()
    with pytest.raises(EnvironmentFault) as caught, make_run(toml):
        pass
    assert time.monotonic() - began < 40  # the minute that an emulator has to start in is not waited for
    assert "nothing listens on 127.0.0.1" in caught.value.message
    assert caught.value.where.endswith("key endpoints.s3.url")
    assert "`start`" in caught.value.hint


@pytest.mark.parametrize(
    ("start", "timeout", "said"),
    [
        ("echo first; echo boom >&2; exit 3", 20, ["ended with status 3", "boom"]),
        ("echo waiting; sleep 300", 0.5, ["was not ready after 0.5 s", "nothing listens", "waiting"]),
        ("echo waiting; sleep 300 & exit 0", 0.5, ["was not ready after 0.5 s", "waiting"]),
    ],
    ids=["fails", "hangs", "starts the wrong thing"],
)
def test_a_start_that_leads_nowhere(
    start: str, timeout: float, said: list[str], make_run: Callable[..., Any], tmp_path: Path
) -> None:
    mark = f"sandgate-{os.getpid()}-{tmp_path.name}"
    toml = f"""
        tier = "endpoints"
        [tool.sandgate.endpoints.s3]
        url = "http://127.0.0.1:{free_port()}"
        start = {json.dumps(f"echo $$ > '{tmp_path}/pid'; : {mark}; {start}")}
        stop = {json.dumps(f"pwd > '{tmp_path}/stopped'")}
        timeout = {timeout}
        """
    with pytest.raises(SandgateError) as caught, make_run(toml) as run:
        pytest.fail(f"{run.id} is ready")
    for text in said:
        assert text in caught.value.message
    assert "endpoints.s3." in caught.value.where
    assert Path((tmp_path / "stopped").read_text().strip(), "pyproject.toml").is_file()
    assert gone(lambda: not running(mark))


def test_the_stop_command_runs_when_the_gate_is_killed(make_run: Callable[..., Any], tmp_path: Path) -> None:
    port, mark = free_port(), f"sandgate-{os.getpid()}-{tmp_path.name}"
    toml = f"""
        tier = "endpoints"
        [tool.sandgate.endpoints.dynamodb]
        url = "http://127.0.0.1:{port}"
        start = {json.dumps(f": {mark}; " + moto_command(port).removeprefix("exec ") + "; true")}
        stop = {json.dumps(f"touch '{tmp_path}/stopped'")}
        """
    with contextlib.suppress(SandgateError), make_run(toml) as run:
        assert running(mark)
        os.kill(json.loads((run.directory / "run.json").read_text())["pid"], signal.SIGKILL)
        run.kill()
    assert gone((tmp_path / "stopped").exists)
    assert gone(lambda: not running(mark))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_an_emulator_that_dies_is_told(make_run: Callable[..., Any], tmp_path: Path) -> None:
    port = free_port()
    command = f"echo $$ > '{tmp_path}/pid'; {moto_command(port)}"
    toml = f"""
        tier = "endpoints"
        [tool.sandgate.endpoints.dynamodb]
        url = "http://127.0.0.1:{port}"
        start = {json.dumps(command)}
        """
    with make_run(toml) as run:
        assert run.status()["death"] == ""
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert gone(lambda: bool(run.status()["death"]))
        assert "the emulator of dynamodb ended with status -9" in run.status()["death"]
        with pytest.raises(ClientError) as caught:
            run.clients()("dynamodb").list_tables()
        assert caught.value.response["Error"]["Code"] == "UpstreamDead"


def running(mark: str) -> bool:
    """Whether a process with that text in its command line lives."""
    return subprocess.run(["pgrep", "-f", mark], capture_output=True, check=False).returncode == 0


def gone(condition: Callable[[], bool]) -> bool:
    """Wait for what happens soon after."""
    deadline = time.monotonic() + 90
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
