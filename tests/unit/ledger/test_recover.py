"""What the ledger lost and the event log has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandgate.core.call import Call, Principal
from sandgate.core.log import AppendLog
from sandgate.gate.recorder import Recorder
from sandgate.ledger.recover import lost, told_in_event
from sandgate.ledger.state import State, fold

NAMESPACE = "k3f9x2"
TABLE = {"TableName": f"test-{NAMESPACE}-t"}


def _call(id_: str, service: str, operation: str, parameters: Mapping[str, Any]) -> Call:
    return Call(
        id=id_,
        service=service,
        operation=operation,
        parameters=parameters,
        region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
        test_id="t::one",
    )


@pytest.fixture
def events(tmp_path: Path) -> Callable[..., Path]:
    """An event log of calls, as the gate's recorder writes it, with the statuses they came to."""

    def write(*calls: Call, ends: Mapping[str, int] | None = None) -> Path:
        path = tmp_path / "events.jsonl"
        log = AppendLog(path)
        recorder = Recorder(log)
        for call in calls:
            assert recorder.begin(call)
        for id_, status in (ends or {}).items():
            log.append_text(f'{{"event":"done","id":"{id_}","status":{status}}}')
        log.close()
        return path

    return write


def _taken_up(path: Path, *lines: Mapping[str, Any]) -> State:
    state = fold(lines)
    for line in lost(path, state, NAMESPACE):
        state.apply(line)
    return state


def _alive(state: State) -> list[tuple[str, dict[str, Any], str]]:
    return [(entry.type, dict(entry.key), entry.claim) for entry in state.alive.values()]


@pytest.mark.parametrize("ends", [{}, {"1": 200}, {"1": 500}, {"1": 0}], ids=["unanswered", "done", "fault", "gone"])
def test_a_create_without_a_line_is_alive(events: Any, ends: dict[str, int]) -> None:
    state = _taken_up(events(_call("1", "dynamodb", "CreateTable", TABLE), ends=ends))
    (entry,) = state.alive.values()
    assert (entry.type, dict(entry.key), entry.claim) == ("dynamodb-table", TABLE, "unknown")
    assert (entry.operation, entry.test, entry.region) == ("dynamodb:CreateTable", "t::one", "eu-west-1")


def test_one_that_failed_is_not(events: Any) -> None:
    assert _alive(_taken_up(events(_call("1", "dynamodb", "CreateTable", TABLE), ends={"1": 400}))) == []


def test_one_with_a_line_is_the_ledgers_affair(events: Any) -> None:
    path = events(_call("1", "dynamodb", "CreateTable", TABLE), ends={"1": 200})
    intent = {"ledger": "intent", "id": "1", "at": 1.0, "type": "dynamodb-table", "key": TABLE, "region": "eu-west-1"}
    gone = {"ledger": "gone", "type": "dynamodb-table", "key": TABLE, "region": "eu-west-1", "ids": ["1"]}
    assert _alive(_taken_up(path, intent)) == [("dynamodb-table", TABLE, "unknown")]
    assert _alive(_taken_up(path, intent, gone)) == []
    assert _alive(_taken_up(path, {**intent, "existed": True})) == []


def test_what_may_have_been_there_before_is_told_and_not_removed(events: Any) -> None:
    """CreateQueue succeeds on one that is there, and what the probe said is lost: only the run's own name proves it."""
    ours, theirs = f"test-{NAMESPACE}-q", "test-shared"
    calls = [_call(name, "sqs", "CreateQueue", {"QueueName": name}) for name in (ours, theirs)]
    claims = {entry.name: entry.claim for entry in _taken_up(events(*calls)).alive.values()}
    assert {name.rpartition("/")[2]: claim for name, claim in claims.items()} == {ours: "unknown", theirs: "doubt"}


def test_what_aws_names_and_may_have_been_there_is_the_runs_by_its_name_alone(events: Any) -> None:
    names = (f"test-{NAMESPACE}-a", "test-shared")
    calls = [_call(name, "sns", "CreatePlatformApplication", {"Name": name, "Platform": "GCM"}) for name in names]
    claims = [entry.claim for entry in _taken_up(events(*calls)).alive.values()]
    assert claims == ["unknown", "doubt"]


def test_one_that_aws_names_is_known_by_what_the_call_said(events: Any) -> None:
    name = f"test-{NAMESPACE}-key"
    (entry,) = _taken_up(events(_call("1", "kms", "CreateKey", {"Description": name}))).alive.values()
    assert (entry.complete, dict(entry.told), entry.claim) == (False, {"Description": name}, "unknown")


def test_what_is_inside_goes_with_what_is_the_runs_own(events: Any) -> None:
    put = _call("2", "s3", "PutObject", {"Bucket": f"test-{NAMESPACE}-b", "Key": "patients/jane"})
    make = _call("1", "s3", "CreateBucket", {"Bucket": f"test-{NAMESPACE}-b"})
    state = _taken_up(events(make, put))
    assert [entry.type for entry in state.alive.values()] == ["s3-bucket"]


def test_what_is_inside_something_foreign_is_told(events: Any) -> None:
    state = _taken_up(events(_call("1", "s3", "PutObject", {"Bucket": "shared", "Key": "patients/jane"})))
    (entry,) = state.alive.values()
    assert (entry.type, dict(entry.key), entry.claim) == ("s3-object", {"Bucket": "shared"}, "doubt")


def test_keys_of_objects_are_not_in_events(events: Any) -> None:
    path = events(
        _call("1", "s3", "PutObject", {"Bucket": "shared", "Key": "patients/jane"}),
        _call("2", "dynamodb", "PutItem", {"TableName": "shared", "Item": {"id": {"S": "jane"}}}),
        _call("3", "dynamodb", "GetItem", TABLE),
    )
    text = path.read_text(encoding="utf-8")
    assert "jane" not in text
    made = [json.loads(line).get("makes") for line in text.splitlines()]
    assert made[0] == [{"type": "s3-object", "into": {"Bucket": "shared"}}]
    assert made[2] is None
    assert told_in_event(_call("3", "dynamodb", "GetItem", TABLE)) == ()


def test_what_comes_with_an_unanswered_create_is_written_down(events: Any, tmp_path: Path) -> None:
    """A killed gate cannot say any more that a function has a log group."""
    key = {"FunctionName": f"test-{NAMESPACE}-f"}
    intent = {"ledger": "intent", "id": "1", "at": 1.0, "type": "lambda-function", "key": key, "region": "eu-west-1"}
    group = ("logs-log-group", {"logGroupName": f"/aws/lambda/test-{NAMESPACE}-f"}, "perhaps")
    path = tmp_path / "none.jsonl"
    state = _taken_up(path, intent)
    assert _alive(state) == [("lambda-function", key, "unknown"), group]
    assert list(lost(path, state, NAMESPACE)) == [], "once"
    assert _alive(_taken_up(path, intent, {"ledger": "made", "id": "1"})) == [("lambda-function", key, "made")]
    other = {**intent, "key": {"FunctionName": "test-shared"}}
    assert _alive(_taken_up(path, other))[1][2] == "doubt"


def test_a_torn_line_is_nothing(events: Any) -> None:
    path = events(_call("1", "dynamodb", "CreateTable", TABLE))
    path.write_bytes(path.read_bytes()[:-3])
    assert _alive(_taken_up(path)) == []


@pytest.mark.parametrize("own", [True, False])
def test_who_signed_up_is_told_in_the_pool_that_the_call_meant(tmp_path: Path, *, own: bool) -> None:
    """The call itself names a client, and no region, since it has no signature."""
    pool = {"UserPoolId": "eu-west-1_a"}
    call = replace(_call("1", "cognito-idp", "SignUp", {"ClientId": "c", "Username": "jane"}), region="")
    log = AppendLog(tmp_path / "events.jsonl")
    assert Recorder(log).begin(call, replace(call, region="eu-west-1", parameters={**call.parameters, **pool}))
    log.close()
    line = {"ledger": "intent", "id": "0", "at": 1.0, "type": "cognito-idp-user-pool", "key": pool}
    lines = [{**line, "region": "eu-west-1"}] if own else []
    users = [one for one in _taken_up(tmp_path / "events.jsonl", *lines).alive.values() if one.type[-5:] == "-user"]
    assert [(dict(one.key), one.region, one.claim) for one in users] == ([] if own else [(pool, "eu-west-1", "doubt")])
