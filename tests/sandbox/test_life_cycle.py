"""From `up` to `down` as a user goes it: processes of the real program, real host names, and an AWS that misbehaves."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from tests.sandbox.standin.account import ACCOUNT, OTHER_ACCOUNT, REGION, StandIn

IDENTITY = "cycle"
SETTINGS = f"""
[tool.sandgate]
account = "{ACCOUNT}"
region = "{REGION}"
admin_profile = "admin"
identity = "{IDENTITY}"
isolation = "prefix"
services = ["dynamodb", "s3", "sqs"]
"""
SUITE = """
import boto3
import pytest

@pytest.fixture
def table():
    client = boto3.client("dynamodb")
    client.create_table(TableName="test-cycle", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}])
    yield client
    client.delete_table(TableName="test-cycle")

@pytest.fixture
def bucket():
    client = boto3.client("s3")
    client.create_bucket(Bucket="test-cycle", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield client
    client.delete_object(Bucket="test-cycle", Key="a/b c+d")
    client.delete_bucket(Bucket="test-cycle")

@pytest.mark.parametrize("number", range(3))
def test_items(table, number):
    table.put_item(TableName="test-cycle", Item={"k": {"S": str(number)}})
    assert table.get_item(TableName="test-cycle", Key={"k": {"S": str(number)}})["Item"]["k"]["S"] == str(number)

def test_objects(bucket):
    bucket.put_object(Bucket="test-cycle", Key="a/b c+d", Body=b"x" * 100_000)
    assert len(bucket.get_object(Bucket="test-cycle", Key="a/b c+d")["Body"].read()) == 100_000

def test_whoever_i_am_it_is_the_role():
    assert ":assumed-role/cycle/" in boto3.client("sts").get_caller_identity()["Arn"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A run that waits between its two lines."""

    process: subprocess.Popen[str]
    waiting: int
    """Descriptor that it reads from until it is closed."""

    def go_on(self) -> None:
        """Let it carry out the second, once it has carried out the first."""
        os.close(self.waiting)

    def end(self) -> Said:
        """How it ended."""
        out, err = self.process.communicate(timeout=180)
        return Said(status=self.process.returncode, out=out, err=err)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A project whose AWS is the stand-in."""

    standin: StandIn
    folder: Path
    environ: dict[str, str]

    def python(self, *arguments: str, **more: str) -> Said:
        """Run Python to its end."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(status=done.returncode, out=done.stdout, err=done.stderr)

    def sandgate(self, *arguments: str) -> Said:
        """Run the program to its end."""
        return self.python("-P", "-m", "sandgate", *arguments)

    @contextlib.contextmanager
    def started(self, first: str, then: str) -> Iterator[Running]:
        """A run of two lines of Python that waits between them."""
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        text = f"import boto3\nsts, sqs = boto3.client('sts'), boto3.client('sqs')\n{first}\n"
        text += f"open({str(pipe)!r}).read()\n{then}"
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sandgate", "run", "--tier", "sandbox", "--", sys.executable, "-c", text],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Running(process=process, waiting=_when_it_reads(pipe, process))
        finally:
            process.kill()
            process.communicate()
            pipe.unlink()

    @property
    def receipt(self) -> dict[str, Any]:
        """Of the newest run."""
        runs = self.folder / ".sandgate" / "runs"
        return dict(json.loads((max(runs.iterdir()) / "receipt.json").read_text()))

    @property
    def entries(self) -> dict[str, str]:
        """Of the env file."""
        found = dotenv_values(self.folder / ".env.sandbox")
        return {name: value or "" for name, value in found.items()}

    def left(self) -> list[str]:
        """What stands in the account that tests can have made."""
        root = self.standin.root_client
        found = list(root("dynamodb").list_tables()["TableNames"])
        found += [each["Name"] for each in root("s3").list_buckets()["Buckets"]]
        found += [url.rpartition("/")[2] for url in root("sqs").list_queues().get("QueueUrls", ())]
        return [name for name in found if name.startswith("test-cycle")]


def _when_it_reads(pipe: Path, process: subprocess.Popen[str]) -> int:
    deadline = time.monotonic() + 90
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _project(standin: StandIn, folder: Path) -> Cycle:
    cycle = Cycle(standin=standin, folder=folder / "p", environ=standin.env(folder))
    (cycle.folder / "tests").mkdir(parents=True)
    (cycle.folder / "pyproject.toml").write_text(SETTINGS)
    (cycle.folder / "tests" / "test_it.py").write_text(SUITE)
    return cycle


def _up(cycle: Cycle) -> None:
    """AWS is busy, and slow to know the new key."""
    front = cycle.standin.front
    faults = [
        front.fault("throttle", service="cloudformation", operation="DescribeStacks"),
        front.fault("reset", service="cloudformation", operation="DescribeStackEvents"),
        front.fault("internal", service="iam", operation="ListUserTags"),
        front.fault("revoked", service="sts", operation="GetCallerIdentity", skip=1, times=2),
        front.fault("denied", service="sts", operation="AssumeRole"),
    ]
    up = cycle.sandgate("up", "--yes")
    assert up.status == 0, up
    assert [fault.happened for fault in faults] == [1, 1, 1, 2, 1], up


def _suite_where_aws_is_busy(cycle: Cycle) -> None:
    """Green all the same."""
    front = cycle.standin.front
    faults = [
        front.fault("throttle", service="dynamodb", operation="PutItem"),
        front.fault("internal", service="dynamodb", operation="PutItem", skip=1),
        front.fault("unavailable", service="s3", operation="PutObject", status=503, retry_after=1),
        front.fault("unavailable", service="dynamodb", operation="DeleteTable", status=429, code="ThrottlingException"),
        front.fault("reset", service="s3", operation="GetObject"),
        front.fault("cut", service="dynamodb", operation="GetItem", keep=7),
        front.fault("slow", service="s3", operation="CreateBucket", seconds=0.5),
        front.fault("expired", service="dynamodb", operation="CreateTable", skip=1),
    ]
    said = cycle.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--tier", "sandbox", "tests")
    assert said.status == 0, said
    assert [fault.happened for fault in faults] == [1] * len(faults)
    receipt = cycle.receipt
    assert (receipt["green"], receipt["tier"], receipt["upstream"]) == (True, "sandbox", "stand-in")
    assert (receipt["account"], receipt["tests"]) == (ACCOUNT, {"passed": 5})
    assert cycle.sandgate("receipt", "verify", "--tier", "sandbox", "--commit", "0" * 40).status == 11
    calls = [each for each in front.seen if each.service in ("dynamodb", "s3")]
    assert {each.access_key_id[:4] for each in calls} == {"ASIA"}


def _sessions_that_end(cycle: Cycle) -> None:
    """They are renewed while the run goes on."""
    with cycle.started("sts.get_caller_identity()", "sts.get_caller_identity()") as running:
        before = _sessions(cycle)
        for name in before:
            cycle.standin.front.keys[name].expires = datetime.now(UTC)
        running.go_on()
        said = running.end()
    assert said.status == 0, said
    refused = [each for each in cycle.standin.front.seen if each.refused.startswith("expired")]
    assert [(each.operation, each.access_key_id in before) for each in refused] == [("GetCallerIdentity", True)]
    assert cycle.receipt["calls"]["sts"] == {"GetCallerIdentity": 2}


def _key_that_is_revoked(cycle: Cycle) -> None:
    """The run is red and says why; once there is a key again a sweep removes what it left."""
    make = "sqs.create_queue(QueueName='test-cycle-{}')"
    keys = cycle.standin.front.keys
    with cycle.started(make.format(1), make.format(2)) as running:
        dead = [keys[name] for name in (cycle.entries["AWS_ACCESS_KEY_ID"], *_sessions(cycle))]
        for key in dead:
            key.active = False
        running.go_on()
        said = running.end()
    for key in dead:
        key.active = True
    assert said.status == 6, said
    assert "red because AWS takes these credentials no more, and there are no new ones" in said.err
    assert cycle.left() == ["test-cycle-1"]
    cycle.standin.front.fault("throttle", service="sqs", operation="DeleteQueue")
    swept = cycle.sandgate("sweep", "--yes")
    assert swept.status == 0, swept


def _another_account_answers(cycle: Cycle) -> None:
    """Nothing but that is asked."""
    cycle.standin.front.fault("stranger", service="sts", times=0, was=ACCOUNT, account=OTHER_ACCOUNT)
    done = cycle.sandgate("run", "--tier", "sandbox", "--", "true")
    assert (done.status, ACCOUNT in done.err, OTHER_ACCOUNT in done.err) == (3, True, True), done
    assert [each.operation for each in cycle.standin.front.seen] == ["GetCallerIdentity"]


def _sessions(cycle: Cycle) -> set[str]:
    """Access keys of sessions that called."""
    return {each.access_key_id for each in cycle.standin.front.seen if each.access_key_id.startswith("ASIA")}


def _rotate(cycle: Cycle) -> None:
    before = cycle.entries
    rotated = cycle.sandgate("rotate", "--yes")
    assert rotated.status == 0, rotated
    assert cycle.entries.keys() == before.keys()
    assert cycle.entries != before


def _down(cycle: Cycle) -> None:
    """Nothing is left in the account, and no key in the env file."""
    down = cycle.sandgate("down", "--yes")
    assert down.status == 0, down
    iam = cycle.standin.root_client("iam")
    names = [each["UserName"] for each in iam.list_users()["Users"]]
    names += [each["RoleName"] for each in iam.list_roles()["Roles"]]
    names += [each["PolicyName"] for each in iam.list_policies(Scope="Local")["Policies"]]
    assert [name for name in names if name.startswith(IDENTITY)] == []
    assert [name for name in cycle.entries if name.startswith("AWS_")] == []


STEPS = (
    _up,
    _suite_where_aws_is_busy,
    _sessions_that_end,
    _key_that_is_revoked,
    _another_account_answers,
    _rotate,
    _down,
)


def test_from_up_to_down(standin: StandIn, tmp_path: Path) -> None:
    cycle = _project(standin, tmp_path)
    for step in STEPS:
        standin.front.heal()
        standin.front.seen.clear()
        step(cycle)
        assert cycle.left() == [], step.__name__
