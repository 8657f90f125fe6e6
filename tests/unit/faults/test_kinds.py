"""What each fault makes of a call, in the words of the service."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.retries.standard import ThrottledRetryableChecker
from botocore.session import get_session

from sandgate.faults._model import Strike, faults
from sandgate.faults.errors import failure_of

PROTOCOLS = {
    "dynamodb": "json", "s3": "rest-xml", "sqs": "json", "sns": "query", "lambda": "rest-json", "iam": "query",
    "ec2": "ec2", "kinesis": "json", "cognito-idp": "json", "stepfunctions": "json", "apigateway": "rest-json",
}  # fmt: skip
EXTRA = {"Throttled"}
"""SNS's; botocore takes it for throttling by its status, 429."""


def _strike(fault: str, service: str = "dynamodb", operation: str = "PutItem", **said: Any) -> Strike:
    return faults()[fault].strike(service, operation, PROTOCOLS[service], said)


@pytest.mark.parametrize("service", PROTOCOLS)
def test_throttling_is_what_sdks_take_for_it(service: str) -> None:
    failure = _strike("throttle", service, "Anything").failure
    assert failure
    known = vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"]
    assert failure.code in {*known, *EXTRA}
    assert failure.status in (400, 429, 503)


@pytest.mark.parametrize(("operation", "code"), [("PutItem", "Provisioned"), ("CreateTable", "ThrottlingException")])
def test_an_operation_may_have_an_error_of_its_own(operation: str, code: str) -> None:
    failure = _strike("throttle", operation=operation).failure
    assert failure
    assert failure.code.startswith(code)


@pytest.mark.parametrize("service", PROTOCOLS)
@pytest.mark.parametrize(("kind", "status"), [("internal", 500), ("unavailable", 503)])
def test_failures_have_their_status(service: str, kind: str, status: int) -> None:
    assert failure_of(kind, service, "Anything", PROTOCOLS[service]).status == status


@pytest.mark.parametrize("service", ["dynamodb", "lambda", "cognito-idp"])
def test_codes_are_shapes_of_the_model(service: str) -> None:
    model = get_session().get_service_model(service)
    for kind in ("throttle", "internal"):
        assert failure_of(kind, service, "Anything", "json").code in model.shape_names


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ({}, "InternalServerError", 500),
        ({"status": 503}, "ServiceUnavailable", 503),
        ({"code": "ConditionalCheckFailedException"}, "ConditionalCheckFailedException", 400),
        ({"code": "Nothing", "status": 404}, "Nothing", 404),
    ],
)
def test_fail_says_what_the_test_wants(said: dict[str, Any], code: str, status: int) -> None:
    failure = _strike("fail", **said, message="so it is").failure
    assert failure
    assert (failure.code, failure.status, failure.message) == (code, status, "so it is")


def test_delay_and_cut() -> None:
    assert _strike("delay", seconds=1) == Strike(fault="delay", seconds=1.0)
    assert _strike("cut").cut == "before"
    assert _strike("cut", when="after").cut == "after"
