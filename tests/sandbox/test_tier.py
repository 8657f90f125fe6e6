"""The tier `sandbox` through a real gate, before a stand-in for AWS: where calls end, as whom, and what is renewed."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.sandbox.standin.account import ACCOUNT, StandIn
from tests.sandbox.tier import Project, identity_of, project

from sandgate.cli._runs import as_json, run_lines, runs_of
from sandgate.pytest_plugin.header import header_lines
from sandgate.run import Run

NAME = "tier-tester"


@pytest.fixture(scope="module")
def key(_standin: StandIn) -> tuple[str, str]:
    return identity_of(_standin, NAME)


@pytest.fixture(scope="module")
def here(_standin: StandIn, key: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Project:
    env = f"AWS_ACCESS_KEY_ID={key[0]}\nAWS_SECRET_ACCESS_KEY={key[1]}\n"
    toml = f'identity = "{NAME}"\nadopt = ["test.with.dots"]'
    return project(_standin, tmp_path_factory.mktemp("tier"), toml=toml, env=env)


@pytest.fixture(scope="module")
def run(here: Project) -> Iterator[Run]:
    with here.gate() as made:
        yield made


@pytest.fixture(scope="module")
def clients(run: Run) -> Any:
    return run.clients()


def used_key(standin: StandIn) -> Any:
    """What the last call was signed with."""
    return standin.front.keys.get(standin.front.seen[-1].access_key_id)


def test_calls_are_the_test_roles(run: Run, clients: Any, standin: StandIn) -> None:
    who = clients("sts").get_caller_identity()
    assert who["Account"] == run.account == ACCOUNT
    assert who["Arn"] == run.caller
    assert run.caller.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{NAME}/sandgate-{run.id}")
    assert run.evidence["matched"] == "user"
    assert run.evidence["upstream"] == "stand-in"
    assert run.evidence["alias"] == ""


def test_status_shows_account_caller_and_rule(run: Run, here: Project, standin: StandIn) -> None:
    (past,) = runs_of(here.folder)
    text = " ".join(" ".join(run_lines(past, now=0, each=False)).split())
    assert f"account {ACCOUNT}, stand-in" in text
    assert f"caller {run.caller}, by the rule user" in text
    assert as_json(past, each=False)["matched"] == "user"


def test_the_header_shows_them_too(run: Run, standin: StandIn) -> None:
    text = "\n".join(header_lines(run))
    assert f"tier sandbox (from sandgate.toml), account {ACCOUNT}, stand-in" in text
    assert f"caller {run.caller}, by the rule user" in text


def test_stack_commands_are_the_deployer_roles(run: Run) -> None:
    assert f"assumed-role/{NAME}-deployer/" in run.deployer_clients()("sts").get_caller_identity()["Arn"]


def test_a_host_that_is_written_into_code_is_the_gates(run: Run, here: Project, standin: StandIn) -> None:
    """Calls to it are signed anew; other hosts need no entry here, but an address of this machine does."""
    environ = run.environment(here.environ)
    client = run.boto_session().client(
        "sqs",
        endpoint_url="https://sqs.eu-west-1.amazonaws.com",
        verify=environ["AWS_CA_BUNDLE"],
        config=Config(proxies={"https": environ["HTTPS_PROXY"]}),
    )
    client.list_queues()
    assert (standin.front.seen[-1].host, standin.front.seen[-1].operation) == (
        "sqs.eu-west-1.amazonaws.com",
        "ListQueues",
    )
    assert used_key(standin).token
    with pytest.raises(requests.exceptions.ProxyError, match=r"127\.0\.0\.1 is an address of this machine"):
        requests.get("https://127.0.0.1:1/", proxies={"https": environ["HTTPS_PROXY"]}, timeout=30)


def test_hosts_are_those_of_the_calls_region_and_service(run: Run, clients: Any, standin: StandIn) -> None:
    clients("iam").list_account_aliases()
    clients("dynamodb").list_tables()
    run.boto_session().client("sqs", region_name="ap-southeast-2", endpoint_url=run.gate_url).list_queues()
    assert [seen.host for seen in standin.front.seen] == [
        "iam.amazonaws.com",
        "dynamodb.eu-west-1.amazonaws.com",
        "sqs.ap-southeast-2.amazonaws.com",
    ]


@pytest.mark.parametrize(
    ("bucket", "host"),
    [("test-tier", "test-tier.s3.eu-west-1.amazonaws.com"), ("test.with.dots", "s3.eu-west-1.amazonaws.com")],
)
def test_objects_of_any_size_and_key_come_back(bucket: str, host: str, clients: Any, standin: StandIn) -> None:
    s3 = clients("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    try:
        for name, body in (("a/b c+d", b"small"), ("large", b"x" * 3_000_000), ("slashes//in/../it", b"y")):
            s3.put_object(Bucket=bucket, Key=name, Body=body)
            assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == body
        assert {seen.host for seen in standin.front.calls("s3", "PutObject")} == {host}
        assert not any(seen.refused for seen in standin.front.seen)
        url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a/b c+d"})
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"small"
    finally:
        for name in ("a/b c+d", "large", "slashes//in/../it"):
            s3.delete_object(Bucket=bucket, Key=name)
        s3.delete_bucket(Bucket=bucket)


def test_a_queues_url_names_the_gate_and_works(run: Run, clients: Any, standin: StandIn) -> None:
    sqs = clients("sqs")
    url = sqs.create_queue(QueueName="test-tier")["QueueUrl"]
    try:
        assert url.startswith(run.gate_url)
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"][0]["Body"] == "hello"
    finally:
        sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_a_region_of_another_partition_is_refused_by_the_gate(region: str, run: Run, standin: StandIn) -> None:
    client = run.boto_session().client("dynamodb", region_name=region, endpoint_url=run.gate_url)
    with pytest.raises(ClientError, match="by rule not-on-aws; value: the partition aws has no region"):
        client.list_tables()
    assert standin.front.seen == []


def test_what_has_expired_is_renewed_and_the_call_sent_again(clients: Any, standin: StandIn) -> None:
    clients("sts").get_caller_identity()
    old = used_key(standin)
    old.expires = datetime.now(UTC) - timedelta(minutes=1)
    standin.front.seen.clear()
    assert clients("dynamodb").list_tables()["TableNames"] is not None
    assert len(standin.front.calls("sts", "AssumeRole")) == 2
    assert used_key(standin).access_key_id != old.access_key_id
    assert [seen.status for seen in standin.front.calls("dynamodb")] == [400, 200]


def test_a_clock_that_is_wrong_is_corrected(run: Run, clients: Any, standin: StandIn) -> None:
    # Ten minutes are what the emulator behind the front still takes, so the front is told to refuse them.
    standin.front.clock = timedelta(minutes=10)
    standin.front.fault("skew", service="dynamodb")
    assert clients("dynamodb").list_tables()["TableNames"] is not None
    clients("s3").list_buckets()
    assert [seen.status for seen in standin.front.seen] == [400, 200, 200]
    assert "off AWS's" in (run.directory / "gate.log").read_text()
    standin.front.clock = timedelta(0)
    standin.front.fault("skew", service="dynamodb")
    assert clients("dynamodb").list_tables()["TableNames"] is not None


def test_no_secret_is_anywhere_but_in_memory(run: Run, clients: Any, key: tuple[str, str], standin: StandIn) -> None:
    clients("sts").get_caller_identity()
    session = used_key(standin)
    secrets = [text.encode() for text in (key[1], session.secret, session.token)]
    written = [path.read_bytes() for path in run.directory.rglob("*") if path.is_file()]
    assert run._process is not None
    process = Path(f"/proc/{run._process.pid}")
    written += [(process / name).read_bytes() for name in ("environ", "cmdline")]
    assert not any(secret in data for data in written for secret in secrets)
    assert key[0].encode() not in (process / "environ").read_bytes()
