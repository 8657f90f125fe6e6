"""Shared names: a sweep of one run never removes what another run, or somebody after it, has under the same name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest

from sandgate import sweeping
from sandgate.config.load import load
from sandgate.ledger.book import NAME
from sandgate.past import past_runs
from sandgate.run import Run
from sandgate.session import start

TABLE = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
Starts = Callable[[], Run]


@pytest.fixture(scope="module")
def world(make_run: Callable[..., AbstractContextManager[Run]]) -> Iterator[Run]:
    """The emulator, which outlives the runs on it."""
    with make_run(unsafe_no_guard=True) as run:
        yield run


@pytest.fixture
def begin(world: Run, tmp_path: Path) -> Iterator[Starts]:
    """Starts runs of one project before that emulator, with names that they share."""
    keys = world.boto_session("deployer").get_credentials()
    toml = '[tool.sandgate]\nisolation = "prefix"\ntier = "endpoints"\n'
    for service in ("dynamodb", "s3", "sqs", "secretsmanager"):
        toml += f'[tool.sandgate.endpoints.{service}]\nurl = "{world.gate_url}"\n'
        toml += 'access_key_id_env = "THEIR_ID"\nsecret_access_key_env = "THEIR_SECRET"\n'
    (tmp_path / "pyproject.toml").write_text(toml, encoding="utf-8")
    started = []

    def one() -> Run:
        started.append(start(load(cwd=tmp_path, environ={}, overrides={}), progress=lambda _text: None))
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THEIR_ID", keys.access_key)
        patch.setenv("THEIR_SECRET", keys.secret_key)
        yield one
        for run in started:
            run.close()


def _make(run: Run) -> None:
    """As suites with fixed names begin: away with it, and anew."""
    dynamodb, s3, sqs = (run.clients()(name) for name in ("dynamodb", "s3", "sqs"))
    for remove, given in ((dynamodb.delete_table, "TableName"), (s3.delete_bucket, "Bucket")):
        with suppress(dynamodb.exceptions.ResourceNotFoundException, s3.exceptions.NoSuchBucket):
            remove(**{given: "test-orders"})
    dynamodb.create_table(TableName="test-orders", **TABLE)
    s3.create_bucket(Bucket="test-orders")
    sqs.create_queue(QueueName="test-orders")


def _names(world: Run) -> tuple[list[str], list[str], list[str]]:
    theirs = world.deployer_clients()
    buckets = [bucket["Name"] for bucket in theirs("s3").list_buckets()["Buckets"]]
    queues = [url.rpartition("/")[2] for url in theirs("sqs").list_queues().get("QueueUrls", [])]
    return theirs("dynamodb").list_tables()["TableNames"], buckets, queues


ALL = (["test-orders"], ["test-orders"], ["test-orders"])
NOTHING: tuple[list[str], list[str], list[str]] = ([], [], [])


def _sweep_dead(directory: Path) -> dict[str, str]:
    """Sweep a run that has ended; names of types to the reason why one stayed."""
    (past,) = (one for one in past_runs(directory.parents[2]) if one.directory == directory)
    with sweeping.opened(past, progress=lambda _text: None) as run:
        return {left.entry.type: left.why for left in sweeping.sweep(run).left}


def test_what_a_living_run_has_made_anew_or_found_stays(world: Run, begin: Starts) -> None:
    first = begin()
    _make(first)
    first.stop()
    second = begin()
    _make(second)
    why = _sweep_dead(first.directory)
    assert _names(world) == ALL
    assert set(why) == {"dynamodb-table", "s3-bucket", "sqs-queue"}
    assert all(f"{second.id} lives and uses it" in reason for reason in why.values())
    second.stop()
    assert list(_sweep_dead(first.directory)) == [], "the table and the bucket are the second run's by now"
    assert _names(world) == (ALL[0], ALL[1], []), "the queue was the first run's all the time"
    assert _sweep_dead(second.directory) == {}
    assert _names(world) == NOTHING


def test_what_came_long_after_the_call_is_somebody_elses(world: Run, begin: Starts) -> None:
    """The emulator was started anew, or a person made it: the ledger knows a name and a time, and no more."""
    run = begin()
    _make(run)
    run.stop()
    ledger = run.directory / NAME
    lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    ledger.write_text(
        "".join(json.dumps({**line, **({"at": line["at"] - 1000} if "at" in line else {})}) + "\n" for line in lines),
        encoding="utf-8",
    )
    why = _sweep_dead(run.directory)
    assert _names(world) == ALL
    assert all("somebody has made it anew" in reason for reason in why.values())
    assert len(why) == len(ALL)
    theirs = world.deployer_clients()
    theirs("dynamodb").delete_table(TableName="test-orders")
    theirs("s3").delete_bucket(Bucket="test-orders")
    theirs("sqs").delete_queue(QueueUrl=theirs("sqs").get_queue_url(QueueName="test-orders")["QueueUrl"])
    assert _sweep_dead(run.directory) == {}, "once it is gone, nothing is owned any more"


def test_a_create_that_nobody_answered_leaves_a_shared_name_alone(world: Run, begin: Starts) -> None:
    """The table is somebody else's, the create failed for that, and the answer that said so is lost."""
    theirs: Any = world.deployer_clients()("dynamodb")
    theirs.create_table(TableName="test-nine", **TABLE)
    run = begin()
    with pytest.raises(theirs.exceptions.ClientError, match="ResourceInUse"):
        run.clients()("dynamodb").create_table(TableName="test-nine", **TABLE)
    run.stop()
    ledger = run.directory / NAME
    kept = [line for line in ledger.read_text(encoding="utf-8").splitlines() if '"ledger":"failed"' not in line]
    ledger.write_text("\n".join(kept) + "\n", encoding="utf-8")
    why = _sweep_dead(run.directory)
    assert "never answered" in why["dynamodb-table"]
    assert "test-nine" in theirs.list_tables()["TableNames"]
    theirs.delete_table(TableName="test-nine")


def test_a_secret_that_was_there_is_known_to_be_theirs(world: Run, begin: Starts) -> None:
    """Clients send a token, with which a create may answer as if it had made it: the gate has asked before."""
    theirs: Any = world.deployer_clients()("secretsmanager")
    theirs.create_secret(Name="test-nine", SecretString="theirs")
    run = begin()
    with pytest.raises(theirs.exceptions.ClientError):
        run.clients()("secretsmanager").create_secret(Name="test-nine", SecretString="ours")
    run.stop()
    ledger = run.directory / NAME
    kept = [line for line in ledger.read_text(encoding="utf-8").splitlines() if '"ledger":"failed"' not in line]
    ledger.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert _sweep_dead(run.directory) == {}
    assert theirs.get_secret_value(SecretId="test-nine")["SecretString"] == "theirs"
    theirs.delete_secret(SecretId="test-nine", ForceDeleteWithoutRecovery=True)
