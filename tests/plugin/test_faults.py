"""The fixture `faults` and the option `timing` as users have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TESTS = """
    import boto3
    import pytest
    from botocore.exceptions import ClientError

    @pytest.fixture(scope="module")
    def sqs():
        return boto3.client("sqs")

    @pytest.fixture(scope="module")
    def queue(sqs, namespace):
        url = sqs.create_queue(QueueName=namespace.queue("q"))["QueueUrl"]
        yield url
        sqs.delete_queue(QueueUrl=url)

    def test_strikes(sqs, queue, faults):
        throttled = faults.throttle("sqs", "SendMessage", times=2)
        sqs.send_message(QueueUrl=queue, MessageBody="x")
        assert throttled.struck == 2

    def test_is_alone(sqs, queue):
        assert "RetryAttempts" in sqs.send_message(QueueUrl=queue, MessageBody="x")["ResponseMetadata"]
        assert sqs.send_message(QueueUrl=queue, MessageBody="x")["ResponseMetadata"]["RetryAttempts"] == 0

    def test_misses(sqs, queue, faults):
        faults.fail("sqs", "SendMessage", nth=2, times=None)
        sqs.send_message(QueueUrl=queue, MessageBody="x")

    def test_may_miss(sqs, queue, faults):
        faults.cut("sqs", "PurgeQueue", optional=True)
        sqs.send_message(QueueUrl=queue, MessageBody="x")

    def test_fails_by_itself(faults):
        faults.delay("sqs", "ReceiveMessage", seconds=1)
        raise RuntimeError("its own reason")

    def test_purges(queue, faults, purge_queue):
        faults.fail("sqs", times=None, optional=True)
        purge_queue(queue)

    def test_is_told(faults):
        with pytest.raises(Exception, match="did you mean 'sqs'"):
            faults.cut("sqss")
"""


@pytest.fixture(scope="module")
def done(new_project: Callable[[], Any]) -> Any:
    """A run of these tests."""
    project = new_project().write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": TESTS})
    return project.pytest("-v", "--timing", "queue-name-reuse")


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("test_strikes", "passed"),
        ("test_is_alone", "passed"),
        ("test_misses", "failed"),
        ("test_may_miss", "passed"),
        ("test_fails_by_itself", "failed"),
        ("test_purges", "passed"),
        ("test_is_told", "passed"),
    ],
)
def test_each_test_ends_as_it_should(done: Any, test: str, outcome: str) -> None:
    outcomes = {event["id"].rpartition("::")[2]: event["outcome"] for event in done.events("test")}
    assert outcomes[test] == outcome


def test_a_fault_that_struck_nothing_is_named(done: Any) -> None:
    assert "faults.fail for sqs:SendMessage, call 2: struck no call of this test" in done.out
    assert "faults.delay for" not in done.out  # the test has failed for its own reason


def test_the_receipt_counts_what_was_struck(done: Any) -> None:
    assert done.receipt["faults"] == {"throttle": 2}
    assert done.receipt["timing"] == "queue-name-reuse"
    assert "faults   throttle 2" in done.out
    assert "timing queue-name-reuse (from command line" in done.out
