"""Faults come to the calls that they are meant for, as AWS's would."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ProxyConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from tests.sandbox.standin.account import ACCOUNT, OTHER_ACCOUNT, StandIn

LISTS = {
    "dynamodb": "list_tables",
    "s3": "list_buckets",
    "sts": "get_caller_identity",
    "lambda": "list_functions",
    "ec2": "describe_vpcs",
    "cloudwatch": "describe_alarms",
}


def _call(standin: StandIn, service: str, **settings: Any) -> Any:
    client = standin.client(service, standin.profiles["admin"], **settings)
    return getattr(client, LISTS[service])()


def _error(standin: StandIn, service: str) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        _call(standin, service)
    answer: Any = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "throttle",
            {
                "dynamodb": (400, "ThrottlingException"), "s3": (503, "SlowDown"), "sts": (400, "Throttling"),
                "lambda": (429, "ThrottlingException"), "ec2": (400, "Throttling"),
                "cloudwatch": (400, "ThrottlingException"),
            },
        ),
        ("unavailable", {"dynamodb": (503, "ServiceUnavailableException"), "s3": (503, "ServiceUnavailable")}),
        ("internal", {"sts": (500, "InternalFailure"), "s3": (500, "InternalError")}),
        ("expired", {"dynamodb": (400, "ExpiredTokenException"), "s3": (400, "ExpiredToken")}),
        ("revoked", {"dynamodb": (400, "UnrecognizedClientException"), "sts": (403, "InvalidClientTokenId")}),
        ("skew", {"s3": (403, "RequestTimeTooSkewed"), "sts": (403, "SignatureDoesNotMatch")}),
        ("denied", {"lambda": (403, "AccessDeniedException"), "s3": (403, "AccessDenied")}),
    ],
)  # fmt: skip
def test_errors_in_the_words_of_each_service(kind: str, expected: dict[str, tuple[int, str]], standin: StandIn) -> None:
    fault = standin.front.fault(kind, times=0)
    assert {service: _error(standin, service) for service in expected} == expected
    assert fault.happened == len(expected)
    standin.front.heal()
    assert [_call(standin, service)["ResponseMetadata"]["HTTPStatusCode"] for service in expected] == [200] * len(
        expected
    )


def test_only_the_nth_that_fits(standin: StandIn) -> None:
    standin.front.fault("internal", service="dynamodb", operation="List.*", skip=1, times=2)
    for expected in (200, 500, 500, 200):
        if expected == 200:
            _call(standin, "dynamodb")
        else:
            assert _error(standin, "dynamodb") == (500, "InternalServerError")
        _call(standin, "sts")
    assert [each.fault for each in standin.front.calls("dynamodb", "ListTables")] == ["", "internal", "internal", ""]


def test_a_client_waits_as_long_as_it_is_told(standin: StandIn) -> None:
    standin.front.fault("unavailable", status=429, retry_after=7)
    with pytest.raises(ClientError) as caught:
        _call(standin, "s3")
    answer: Any = caught.value.response["ResponseMetadata"]
    assert (answer["HTTPStatusCode"], answer["HTTPHeaders"]["retry-after"]) == (429, "7")


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_before_or_after_the_call_was_carried_out(after: bool, standin: StandIn) -> None:
    queues = standin.client("sqs", standin.profiles["admin"])
    standin.front.fault("reset", operation="CreateQueue", after=after)
    with pytest.raises(ProxyConnectionError):
        queues.create_queue(QueueName="si-lost")
    assert len(queues.list_queues(QueueNamePrefix="si-lost").get("QueueUrls", ())) == after
    if after:
        queues.delete_queue(QueueUrl=queues.get_queue_url(QueueName="si-lost")["QueueUrl"])


def test_an_answer_that_is_late(standin: StandIn) -> None:
    client = standin.client("sts", standin.profiles["admin"], read_timeout=1)
    client.get_caller_identity()
    standin.front.fault("slow", seconds=600.0)
    with pytest.raises(ReadTimeoutError):
        client.get_caller_identity()


def test_an_answer_that_is_cut(standin: StandIn) -> None:
    standin.front.fault("cut", keep=20)
    with pytest.raises(ResponseParserError):
        _call(standin, "sts")


def test_another_account_answers(standin: StandIn) -> None:
    standin.front.fault("stranger", operation="GetCallerIdentity", was=ACCOUNT, account=OTHER_ACCOUNT)
    assert _call(standin, "sts")["Account"] == OTHER_ACCOUNT
    assert _call(standin, "sts")["Account"] == ACCOUNT
