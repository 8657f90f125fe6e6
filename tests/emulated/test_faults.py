"""Faults at a real gate: what SDKs make of them, what reaches the emulator, and what the run writes down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from sandgate.errors import RunError
from sandgate.faults.own import OWN
from sandgate.ledger.book import NAME as LEDGER
from sandgate.run import Run

ONCE = Config(retries={"max_attempts": 0, "mode": "standard"}, connect_timeout=30, read_timeout=60)
TEST = "tests/test_faults.py::test_it"

Set = Callable[..., str]


@pytest.fixture(scope="module")
def once(run: Run) -> Callable[..., Any]:
    """Clients of the tests' identity that try once."""
    session = run.boto_session()

    def client(service: str, **more: Any) -> Any:
        return session.client(service, endpoint_url=run.gate_url, config=ONCE.merge(Config(**more)))

    return client


@pytest.fixture
def set_fault(run: Run) -> Iterator[Set]:
    """`set_fault("throttle", "sqs", "SendMessage", nth=2)`, for the test that runs now."""

    def add(fault: str, service: str, operation: str = "", **rule: Any) -> str:
        known = {name: rule.pop(name) for name in ("nth", "times", "resource") if name in rule}
        made = run.fault(
            "set", test=TEST, worker="main", fault=fault, service=service, operation=operation, said=rule, **known
        )
        return str(made["id"])

    run.set_test(TEST)
    yield add
    run.fault("end", test=TEST, worker="main")
    run.set_test("")


@pytest.fixture(scope="module")
def queue(run: Run) -> str:
    return str(run.clients()("sqs").create_queue(QueueName="test-faults")["QueueUrl"])


def _events(run: Run, start: int) -> list[dict[str, Any]]:
    """Each call since then with what became of it."""
    run.mark()
    lines = (run.directory / "events.jsonl").read_bytes()[start:].splitlines()
    calls: dict[str, dict[str, Any]] = {}
    for event in map(json.loads, lines):
        calls.setdefault(event["id"], {}).update(event)
    return list(calls.values())


def _ledger(run: Run, operation: str) -> list[dict[str, Any]]:
    """The lines about the last call of an operation."""
    lines = [json.loads(line) for line in (run.directory / LEDGER).read_text().splitlines()]
    intents = [line["id"] for line in lines if line.get("ledger") == "intent" and line["operation"] == operation]
    return [line for line in lines if line.get("id") == intents[-1]]


@pytest.mark.parametrize(
    ("service", "operation", "call", "code", "status"),
    [
        ("dynamodb", "ListTables", lambda c: c.list_tables(), "ThrottlingException", 400),
        ("dynamodb", "Scan", lambda c: c.scan(TableName="test-t"), "ProvisionedThroughputExceededException", 400),
        ("sqs", "ListQueues", lambda c: c.list_queues(), "RequestThrottled", 400),
        ("sts", "GetCallerIdentity", lambda c: c.get_caller_identity(), "Throttling", 400),
        ("lambda", "ListFunctions", lambda c: c.list_functions(), "TooManyRequestsException", 429),
        ("s3", "ListObjectsV2", lambda c: c.list_objects_v2(Bucket="test-b"), "SlowDown", 503),
    ],
)
def test_throttling_speaks_each_protocol(
    once: Any, set_fault: Set, service: str, operation: str, call: Any, code: str, status: int
) -> None:
    set_fault("throttle", service, operation)
    with pytest.raises(ClientError) as caught:
        call(once(service))
    answer = caught.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert ("retry-after" in answer["ResponseMetadata"]["HTTPHeaders"]) == (status in (429, 503))
    assert "a fault of sandgate: throttle" in answer["Error"]["Message"]


def test_an_sdk_that_tries_again_gets_through(run: Run, queue: str, set_fault: Set) -> None:
    made = set_fault("fail", "sqs", "SendMessage", status=503, times=1)
    start = run.mark()
    run.clients()("sqs").send_message(QueueUrl=queue, MessageBody="x")
    first, second = _events(run, start)
    assert (first["status"], first["reached"], first["fault"]) == (503, False, "fail")
    assert (second["status"], second["reached"], "fault" in second) == (200, True, False)
    assert run.fault("struck", test=TEST, worker="main")["rules"] == {made: 1}


def test_only_the_nth_call_and_the_named_resource_are_struck(once: Any, run: Run, set_fault: Set) -> None:
    other = run.clients()("sqs").create_queue(QueueName="test-faults-other")["QueueUrl"]
    queue = run.clients()("sqs").create_queue(QueueName="test-faults-mine")["QueueUrl"]
    set_fault("fail", "sqs", "SendMessage", code="Odd", nth=2, resource="test-faults-mine")
    codes = []
    for url in (other, queue, other, queue, queue):
        try:
            codes.append(once("sqs").send_message(QueueUrl=url, MessageBody="x")["ResponseMetadata"]["HTTPStatusCode"])
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert codes == [200, 200, 200, "Odd", 200]


def test_what_fails_before_it_goes_out_has_made_nothing(once: Any, run: Run, set_fault: Set) -> None:
    set_fault("fail", "sqs", "CreateQueue")
    with pytest.raises(ClientError):
        once("sqs").create_queue(QueueName="test-faults-never")
    run.mark()
    assert [line["ledger"] for line in _ledger(run, "sqs:CreateQueue")] == ["intent", "failed"]
    with pytest.raises(ClientError, match="NonExistentQueue"):
        once("sqs").get_queue_url(QueueName="test-faults-never")


def test_a_connection_that_is_cut_before(once: Any, run: Run, set_fault: Set) -> None:
    set_fault("cut", "sqs", "CreateQueue")
    start = run.mark()
    with pytest.raises(ConnectionClosedError):
        once("sqs").create_queue(QueueName="test-faults-before")
    (event,) = _events(run, start)
    assert (event["status"], event["reached"], event["fault"]) == (0, False, "cut before")
    assert [line["ledger"] for line in _ledger(run, "sqs:CreateQueue")] == ["intent", "failed"]
    with pytest.raises(ClientError, match="NonExistentQueue"):
        once("sqs").get_queue_url(QueueName="test-faults-before")


def test_a_connection_that_is_cut_after_leaves_an_unknown_outcome(once: Any, run: Run, set_fault: Set) -> None:
    set_fault("cut", "sqs", "CreateQueue", when="after")
    start = run.mark()
    with pytest.raises(ConnectionClosedError):
        once("sqs").create_queue(QueueName="test-faults-after")
    (event,) = _events(run, start)
    assert (event["status"], event["reached"], event["fault"]) == (0, True, "cut after")
    assert [line["ledger"] for line in _ledger(run, "sqs:CreateQueue")] == ["intent"]
    assert once("sqs").get_queue_url(QueueName="test-faults-after")["QueueUrl"]


def test_an_upload_may_be_struck_while_it_streams(once: Any, run: Run, set_fault: Set) -> None:
    run.clients()("s3").create_bucket(Bucket="test-faults-b")
    set_fault("throttle", "s3", "PutObject")
    set_fault("cut", "s3", "PutObject", nth=2, when="after")
    body = b"x" * 300_000
    with pytest.raises((ClientError, ConnectionClosedError)):
        once("s3").put_object(Bucket="test-faults-b", Key="first", Body=body)
    with pytest.raises(ConnectionClosedError):
        once("s3").put_object(Bucket="test-faults-b", Key="second", Body=body)
    listed = once("s3").list_objects_v2(Bucket="test-faults-b")
    assert [one["Key"] for one in listed["Contents"]] == ["second"]


def test_what_is_held_back_goes_on_when_the_test_ends(once: Any, run: Run, queue: str, set_fault: Set) -> None:
    from threading import Thread  # noqa: PLC0415 - of use here only

    made = set_fault("delay", "sqs", "SendMessage", seconds=600)
    answers: list[Any] = []
    sender = Thread(target=lambda: answers.append(once("sqs").send_message(QueueUrl=queue, MessageBody="late")))
    sender.start()
    while not run.fault("struck", test=TEST, worker="main")["rules"][made]:
        assert sender.is_alive()
    run.fault("end", test=TEST, worker="main")
    sender.join(60)
    assert answers[0]["MessageId"]


def test_calls_of_sandgate_itself_are_never_struck(once: Any, run: Run, queue: str, set_fault: Set) -> None:
    made = set_fault("fail", "sqs", times=None)
    run.deployer_clients()("cloudformation").list_stacks()
    once("sqs", user_agent_extra=OWN).send_message(QueueUrl=queue, MessageBody="x")
    run.clients("gw7")("sqs").send_message(QueueUrl=queue, MessageBody="x")
    assert run.fault("struck", test=TEST, worker="main")["rules"] == {made: 0}
    with pytest.raises(ClientError):
        once("sqs").send_message(QueueUrl=queue, MessageBody="x")


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (("throttle", "dynamo"), "did you mean 'dynamodb'"),
        (("throttle", "sqs", "SendMesage"), "did you mean 'SendMessage'"),
        (("melt", "sqs"), "melt"),
    ],
)
def test_what_does_not_exist_is_explained(set_fault: Set, rule: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(RunError, match=complaint):
        set_fault(*rule)
