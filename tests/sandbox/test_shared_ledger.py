"""The shared ledger: what one machine has left, another one sees and sweeps, and nobody sweeps what lives."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from dotenv import dotenv_values
from tests.sandbox.project import Done, Project
from tests.sandbox.standin.account import ACCOUNT, REGION, StandIn
from tests.sandbox.standin.keys import Key

from sandgate.errors import RunError
from sandgate.identity.ledger import AdminTable
from sandgate.ledger.pages import Page
from sandgate.ledger.shared import LostLeaseError, SharedRun, leases, lines_of

IDENTITY = "team"
TABLE = "testing-ledger"
SETTINGS = f"""
account = "{ACCOUNT}"
region = "{REGION}"
admin_profile = "admin"
identity = "{IDENTITY}"
services = ["dynamodb", "sqs", "sts"]
ledger = "dynamodb://{TABLE}"
"""
CANARY = "c4n4ry-in-a-value"
LATER = timedelta(minutes=20)
"""By which all leases are over."""
_MAKE = "sqs.create_queue(QueueName='test-' + os.environ['SANDGATE_NAMESPACE'] + '-{}')"
_LEFT = (
    '{"account":"111122223333","at":1.0,"ledger":"open","namespace":"abcdef","schema":1,"tier":"sandbox"}',
    '{"at":2.0,"id":"a","key":{"TableName":"test-abcdef-t"},"ledger":"intent","region":"eu-west-1","type":"dynamodb-table"}',
)
"""Of a run that made a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A folder of its own, and a home of its own, with the same project in it."""

    standin: StandIn
    folder: Path
    environ: dict[str, str]

    def sandgate(self, *arguments: str) -> tuple[int, str, str]:
        """Run the program to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=180)
        assert "Traceback" not in err, err
        return process.returncode, out, err

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the program."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "sandgate", *arguments],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextlib.contextmanager
    def waiting(self, first: str, then: str = "") -> Iterator[tuple[subprocess.Popen[str], int]]:
        """A run of two scripts that waits between them until a descriptor is closed."""
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        text = f"import os, boto3\nsqs = boto3.client('sqs')\n{first}\nopen({str(pipe)!r}).read()\n{then}"
        process = self.start("run", "--tier", "sandbox", "--", sys.executable, "-c", text)
        try:
            yield process, _when_it_reads(pipe, process)
        finally:
            process.kill()
            process.communicate()
            pipe.unlink()

    def runs(self) -> list[dict[str, Any]]:
        """What `sandgate status` tells."""
        status, out, err = self.sandgate("status", "--json")
        assert (status, "not known" in err) == (0, False), err
        return list(json.loads(out)["runs"])


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


def machine(standin: StandIn, home: Path, name: str, env: str) -> Machine:
    """A machine of the team."""
    made = Machine(standin=standin, folder=home / name / "p", environ=standin.env(home / name))
    made.folder.mkdir(parents=True, exist_ok=True)
    (made.folder / "sandgate.toml").write_text(f'{SETTINGS}ledger_label = "{name}"\n')
    (made.folder / ".env.sandbox").touch(mode=0o600)
    (made.folder / ".env.sandbox").write_text(env)
    return made


@pytest.fixture(scope="module")
def key(_standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The env file of the team, whose identity is there."""
    first = machine(_standin, tmp_path_factory.mktemp("team"), "admin", "")
    status, _, err = first.sandgate("up", "--yes")
    assert status == 0, err
    return (first.folder / ".env.sandbox").read_text()


@pytest.fixture
def one(standin: StandIn, key: str, tmp_path: Path) -> Machine:
    return machine(standin, tmp_path, "one", key)


@pytest.fixture
def two(standin: StandIn, key: str, tmp_path: Path) -> Machine:
    return machine(standin, tmp_path, "two", key)


@pytest.fixture
def table(standin: StandIn, key: str) -> AdminTable:
    """The table in the hands of root."""
    assert key
    return AdminTable(TABLE, standin.root_client("dynamodb"), "root")


def queues(standin: StandIn) -> list[str]:
    """What tests have made."""
    found = standin.root_client("sqs").list_queues().get("QueueUrls", ())
    return [url.rpartition("/")[2] for url in found]


def killed(one: Machine) -> str:
    """Kill a run that has made a queue, and its gate, at once.

    Returns:
        Its id.
    """
    with one.waiting(_MAKE.format("q")) as (process, descriptor):
        (folder,) = (one.folder / ".sandgate" / "runs").iterdir()
        gate = json.loads((folder / "run.json").read_text())["pid"]
        os.kill(gate, signal.SIGKILL)
        process.kill()
        os.close(descriptor)
    return folder.name


def test_a_killed_run_is_seen_and_swept_from_another_machine(one: Machine, two: Machine, table: AdminTable) -> None:
    run = killed(one)
    assert len(queues(one.standin)) == 1
    (seen,) = two.runs()
    assert (seen["run"], seen["state"], seen["machine"], seen["owns"]) == (run, "live", "one", 1)
    status, out, err = two.sandgate("sweep", "--yes")
    assert (status, "left out, it lives" in out) == (0, True), (out, err)
    assert len(queues(one.standin)) == 1

    one.standin.front.clock = LATER
    sweeps = [each.start("sweep", "--yes") for each in (two, machine_beside(two))]
    said = [(each.communicate(timeout=180), each.returncode) for each in sweeps]
    assert {status for _, status in said} <= {0, 6}, said
    assert any("abandoned on one" in out and "owns 1: 1 AWS::SQS::Queue" in out for (out, _), _ in said), said
    assert [out.count("removed 1\n") for (out, _), _ in said].count(1) == 1, said
    one.standin.front.clock = timedelta(0)
    assert queues(one.standin) == []
    assert [lease.ended for lease in leases(table) if lease.run == run] == [True]
    assert any('"ledger":"gone"' in line for line in lines_of(table, run))

    status, out, err = one.sandgate("sweep", "--yes")
    assert (status, "removed 0" in out) == (0, True), (out, err)


def test_a_machine_that_slept_makes_nothing_once_another_has_swept_its_run(one: Machine, two: Machine) -> None:
    then = f"""
from botocore.exceptions import ClientError
try:
    {_MAKE.format("late")}
except ClientError as error:
    print(error)
"""
    with one.waiting(_MAKE.format("q"), then) as (process, descriptor):
        (folder,) = (one.folder / ".sandgate" / "runs").iterdir()
        gate = json.loads((folder / "run.json").read_text())["pid"]
        os.kill(gate, signal.SIGSTOP)
        try:
            one.standin.front.clock = LATER
            status, out, err = two.sandgate("sweep", "--yes")
            assert (status, "abandoned on one" in out, "removed 1\n" in out) == (0, True, True), (out, err)
            one.standin.front.clock = timedelta(0)
        finally:
            os.kill(gate, signal.SIGCONT)
        os.close(descriptor)
        out, err = process.communicate(timeout=180)
    assert "taken over by another machine" in out, (out, err)
    assert queues(one.standin) == []
    assert process.returncode != 0
    assert two.runs() == []


def test_a_gate_that_dies_before_the_table_has_heard_has_made_nothing(
    one: Machine, two: Machine, table: AdminTable
) -> None:
    with one.waiting("", _MAKE.format("never")) as (process, descriptor):
        (folder,) = (one.folder / ".sandgate" / "runs").iterdir()
        until(lambda: bool(lines_of(table, folder.name)), process)
        fault = one.standin.front.fault("throttle", service="dynamodb", operation="TransactWriteItems", times=0)
        os.close(descriptor)
        until(lambda: bool(fault.happened), process)
        os.kill(json.loads((folder / "run.json").read_text())["pid"], signal.SIGKILL)
    one.standin.front.heal()
    assert one.standin.front.calls("sqs", "CreateQueue") == []
    assert [json.loads(line)["ledger"] for line in lines_of(table, folder.name)] == ["open"]
    assert [each["run"] for each in two.runs()] == [folder.name]

    one.standin.front.clock = LATER
    status, out, err = two.sandgate("sweep", "--yes")
    assert (status, "nothing to sweep" in out) == (0, True), (out, err)
    one.standin.front.clock = timedelta(0)
    assert [lease.ended for lease in leases(table) if lease.run == folder.name] == [True]
    status, out, err = one.sandgate("sweep", "--yes")  # nobody here knows that the call never went out
    assert (status, "removed 1" in out) == (0, False), (out, err)
    assert [lease.ended for lease in leases(table) if lease.run == folder.name] == [True]


def machine_beside(other: Machine) -> Machine:
    """One more."""
    home = other.folder.parents[1]
    return machine(other.standin, home, "three", (other.folder / ".env.sandbox").read_text())


def test_nothing_is_made_that_others_could_not_know_of(one: Machine, table: AdminTable) -> None:
    # The table cannot be written: nothing is made, and reads go on. Then it can again.
    first = f"""
from botocore.exceptions import ClientError
def refused(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        print(error)
try:
    {_MAKE.format("lost")}
except ClientError as error:
    print(error)
print("reads", sqs.list_queues().get("QueueUrls"))
refused(boto3.client("dynamodb").scan, TableName="{TABLE}")
role = "arn:aws:iam::{ACCOUNT}:role/{IDENTITY}-ledger"
refused(boto3.client("sts").assume_role, RoleArn=role, RoleSessionName="test")
"""
    make = _MAKE.format("made").replace(")", f", tags={{'told': {CANARY!r}}})", 1)
    then = f"url = {make}['QueueUrl']\nsqs.delete_queue(QueueUrl=url)\nprint('made', url)"
    fault = one.standin.front.fault("throttle", service="dynamodb", operation="TransactWriteItems", times=0)
    with one.waiting(first, then) as (process, descriptor):
        assert queues(one.standin) == []
        assert fault.happened
        assert one.standin.front.calls("sqs", "CreateQueue") == []
        one.standin.front.heal()
        expired = one.standin.front.fault("expired", service="dynamodb", operation="TransactWriteItems")
        os.close(descriptor)
        out, err = process.communicate(timeout=180)
    refused, reads, scanned, taken, made = out.splitlines()
    assert "AccessDenied" in refused, (out, err)
    assert "not-shared" in refused
    assert "ThrottlingException" in refused
    assert reads in ("reads None", "reads []")
    assert "by rule shared-ledger" in scanned
    assert "by rule outside-sandbox" in taken
    assert made.startswith("made ")
    assert expired.happened
    order = [each.operation for each in one.standin.front.seen if each.service in ("sqs", "dynamodb")]
    create = order.index("CreateQueue")
    assert "TransactWriteItems" in order[:create]
    (lease,) = [lease for lease in leases(table) if lease.label == "one" and lease.run in str(list_runs(one))]
    assert lease.ended
    assert all("expires" in item for item in items(one.standin, lease.run))
    told = json.dumps(items_of(table))
    assert "made" in told
    secrets = {
        text for each in one.standin.front.keys for text in (each.access_key_id, each.secret, each.token) if text
    }
    assert not [text for text in (CANARY, *secrets) if text in told]


def until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait while a process lives."""
    deadline = time.monotonic() + 90
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def list_runs(one: Machine) -> list[str]:
    return [path.name for path in (one.folder / ".sandgate" / "runs").iterdir()]


def items(standin: StandIn, run: str) -> list[dict[str, Any]]:
    """Of a run."""
    found = standin.root_client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="#run = :run",
        ExpressionAttributeNames={"#run": "run"},
        ExpressionAttributeValues={":run": {"S": run}},
    )
    assert found["Items"]
    return list(found["Items"])


def test_iam_keeps_tests_and_deployers_off_the_table(standin: StandIn, key: str, tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text(key)
    values = dotenv_values(path)
    user = Key(access_key_id=str(values["AWS_ACCESS_KEY_ID"]), secret=str(values["AWS_SECRET_ACCESS_KEY"]))
    test_role = took(standin, user, IDENTITY)
    for who in (user, test_role, took(standin, test_role, f"{IDENTITY}-deployer")):
        with pytest.raises(ClientError, match="AccessDenied"):
            standin.client("dynamodb", who).get_item(TableName=TABLE, Key={"run": {"S": "a"}, "line": {"S": "a"}})
    gate = standin.client("dynamodb", took(standin, test_role, f"{IDENTITY}-ledger"))
    gate.get_item(TableName=TABLE, Key={"run": {"S": "a"}, "line": {"S": "a"}})
    for operation, parameters in (
        ("delete_item", {"TableName": TABLE, "Key": {"run": {"S": "a"}, "line": {"S": "a"}}}),
        ("scan", {"TableName": TABLE}),
        ("delete_table", {"TableName": TABLE}),
        ("get_item", {"TableName": "another", "Key": {"k": {"S": "a"}}}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(gate, operation)(**parameters)


def took(standin: StandIn, by: Key, role: str) -> Key:
    """A session of a role."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    made = standin.client("sts", by).assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return Key(access_key_id=made["AccessKeyId"], secret=made["SecretAccessKey"], token=made["SessionToken"])


def test_one_of_two_gets_the_lease_and_the_other_learns_who(standin: StandIn, table: AdminTable) -> None:
    run, told = "20260131-120000-abcdef", []
    start = threading.Barrier(2)

    def take(name: str) -> None:
        mine = AdminTable(TABLE, standin.root_client("dynamodb"), "root")
        shared = SharedRun(mine, run, name, name)
        start.wait()
        try:
            shared.take(sweeping=True)
            told.append("mine")
        except RunError as error:
            told.append(error.message)

    both = [threading.Thread(target=take, args=(name,)) for name in ("left", "right")]
    for each in both:
        each.start()
    for each in both:
        each.join()
    (lease,) = [lease for lease in leases(table) if lease.run == run]
    assert sorted(told) == sorted(["mine", f"the run {run} is being swept on {lease.label}"])
    winner = SharedRun(table, run, lease.owner, lease.label)
    loser = SharedRun(table, run, "nobody", "nobody")
    with pytest.raises(LostLeaseError):
        loser.append(Page(run=run, first=0, lines=("{}",), by="nobody"))
    page = Page(run=run, first=0, lines=('{"a":1}',), by=lease.owner)
    winner.append(page)
    winner.append(page)  # as where the answer was lost
    assert lines_of(table, run) == ('{"a":1}',)
    with pytest.raises(LostLeaseError):
        winner.append(Page(run=run, first=0, lines=('{"a":2}',), by=lease.owner))
    winner.end()
    loser.take(sweeping=True)
    loser.end()


def test_the_table_goes_when_no_run_of_any_machine_owns_anything(project: Project) -> None:
    name = f"{project.identity}-ledger"
    project.configure(f'services = ["dynamodb"]\nledger = "dynamodb://{name}"')
    unknown = project.sandgate("status")
    assert (unknown.status, "runs of other machines are not known" in unknown.err) == (0, True), unknown
    assert project.sandgate("up", "--yes").status == 0
    client = project.standin.root_client("dynamodb")
    shown = client.describe_table(TableName=name)["Table"]
    assert shown["DeletionProtectionEnabled"]
    table = AdminTable(name, client, "root")
    run = "20260131-120000-abcdef"
    shared = SharedRun(table, run, "word", "elsewhere")
    shared.take(sweeping=False)
    shared.append(Page(run=run, first=0, lines=_LEFT, by="word"))
    lives = project.sandgate("down", "--yes")
    assert (lives.status, "lives on elsewhere" in lives.err) == (2, True), lives
    shared.release()
    owns = project.sandgate("down", "--yes")
    assert (owns.status, run in owns.err) == (2, True), owns
    done = project.sandgate("down", "--sweep", "--yes")
    assert (done.status, f"deleted the table {name}" in done.out) == (0, True), done
    assert "removed 0" in done.out  # the table that the run asked for was never made
    assert name not in client.list_tables()["TableNames"]


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ("dynamodb://", "must be dynamodb://TABLE"),
        ("redis://x", "must be dynamodb://TABLE"),
        ("dynamodb://test-x", "lies inside the sandbox"),
        ('dynamodb://x-table"\nno_such_option = "x', "no_such_option"),
    ],
)
def test_a_ledger_that_is_none_is_no_ledger_without_runs(project: Project, ledger: str, said: str) -> None:
    project.configure(f'ledger = "{ledger}"')
    for command in (("status",), ("sweep", "--yes")):
        told = project.sandgate(*command)
        assert "runs of other machines are not known: " in told.err, told
        assert said in told.err
        assert bool(told.status) == (command[0] == "sweep"), told
        assert told.err.count("not known") == 1
    project.configure("no_such_option = 1")
    assert project.sandgate("sweep", "--yes") == Done(status=0, out="nothing to sweep\n", err="")


def test_down_leaves_a_table_that_this_identity_has_not_made(project: Project, key: str) -> None:
    assert key
    client = project.standin.root_client("dynamodb")
    by_hand = f"{project.identity}-by-hand"
    client.create_table(
        TableName=by_hand,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    for name, said in ((TABLE, f"it is that of {IDENTITY}"), (by_hand, "it is that of somebody else")):
        project.configure(f'services = ["dynamodb"]\nledger = "dynamodb://{name}"')
        left = project.sandgate("down", "--yes")
        assert (left.status, f"= the table {name}: {said}" in left.out) == (0, True), left
        assert name in client.list_tables()["TableNames"]
    client.delete_table(TableName=by_hand)


def test_down_asks_for_the_table_also_where_the_stack_is_gone(project: Project) -> None:
    name = f"{project.identity}-ledger"
    project.configure(f'services = ["dynamodb"]\nledger = "dynamodb://{name}"')
    assert project.sandgate("up", "--yes").status == 0
    fault = project.standin.front.fault("denied", service="dynamodb", operation="UpdateTable")
    stopped = project.sandgate("down", "--yes")
    assert (stopped.status, fault.happened) == (4, 1), stopped
    asked = project.sandgate("down", typed="n\n")
    assert (asked.status, f"- table {name} of the shared ledger" in asked.out) == (130, True), asked
    client = project.standin.root_client("dynamodb")
    assert name in client.list_tables()["TableNames"]
    assert project.sandgate("down", "--yes").status == 0
    assert name not in client.list_tables()["TableNames"]


def test_doctor_tells_what_is_wrong_with_the_table(one: Machine, table: AdminTable) -> None:
    def found(*names: str) -> dict[str, list[tuple[str, str]]]:
        status, out, err = one.sandgate("doctor", "--tier", "sandbox", "--json")
        assert status in (0, 10), err
        findings = json.loads(out)["findings"]
        return {name: [(each["state"], each["text"]) for each in findings if each["check"] == name] for name in names}

    well = ("ok", f"{TABLE} can be read and written")
    dynamodb, iam = one.standin.root_client("dynamodb"), one.standin.root_client("iam")
    off, on = ({"Enabled": enabled, "AttributeName": "expires"} for enabled in (False, True))
    dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=on)  # stacks of the emulator leave that out
    before = items_of(table)
    assert found("ledger")["ledger"] == [well]
    assert items_of(table) == before
    role = {"RoleName": f"{IDENTITY}-ledger", "PolicyName": "sandgate"}
    rights = json.dumps(iam.get_role_policy(**role)["PolicyDocument"])
    left = SharedRun(table, "20260131-110000-abcdef", "word", "elsewhere")
    left.take(sweeping=False)
    left.append(Page(run=left.run, first=0, lines=_LEFT, by="word"))
    left.release()
    dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=off)
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    try:
        assert found("ledger")["ledger"] == [
            well,
            ("note", f"{left.run} of elsewhere does not live any more, and still owns 1"),
            ("mend", f"{TABLE} does not let go of runs that have ended: TTL is not on, by expires"),
            ("mend", f"{TABLE} has no deletion protection"),
        ]
        iam.put_role_policy(**role, PolicyDocument=rights.replace('"dynamodb:UpdateItem"', '"dynamodb:DeleteItem"'))
        told = found("ledger", "policy")
    finally:
        iam.put_role_policy(**role, PolicyDocument=rights)
        dynamodb.update_time_to_live(TableName=TABLE, TimeToLiveSpecification=on)
        dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=True)
        left.take(sweeping=True)
        left.end()
    ((state, text),) = told["ledger"]
    assert (state, "may not be used" in text, "dynamodb:UpdateItem" in text) == ("mend", True, True)
    assert [text for _, text in told["policy"]] == [
        f"role {IDENTITY}-ledger: 1 statement that the configuration does not make",
        f"role {IDENTITY}-ledger: lacks 1 statement of the configuration",
    ]


def items_of(table: AdminTable) -> list[dict[str, Any]]:
    """Everything that is in a table."""
    return list(table.call("Scan", {"TableName": table.name, "ConsistentRead": True})["Items"])
