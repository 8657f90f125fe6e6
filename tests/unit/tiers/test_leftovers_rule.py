"""Which services are listed after which calls, and which successes nobody can list."""

from __future__ import annotations

import pytest

from sandgate.tiers._leftovers import called_services, listed_services, unlisted


def test_only_what_was_called_is_listed() -> None:
    called = {
        ("sqs", "eu-west-1", ""),
        ("s3", "eu-west-1", "ListBuckets"),
        ("sts", "eu-west-1", ""),
        ("docdb", "us-east-1", ""),
    }
    assert called_services(called) == {"eu-west-1": {"sqs", "s3"}, "us-east-1": {"rds"}}


@pytest.mark.parametrize("service", ["cloudformation", "cloudcontrol"])
def test_stack_calls_have_every_service_listed_in_their_region(service: str) -> None:
    found = called_services({(service, "eu-west-1", ""), ("sqs", "us-east-1", "")})
    assert found["us-east-1"] == {"sqs"}
    assert {"rds", "logs", "cognito-identity", "ec2"} <= found["eu-west-1"] <= listed_services()


@pytest.mark.parametrize(
    ("service", "operation", "told"),
    [
        ("transfer", "CreateServer", True),
        ("quicksight", "RegisterUser", True),
        ("medialive", "StartChannel", True),
        ("transfer", "", False),
        ("transfer", "DescribeServer", False),
        ("transfer", "DeleteServer", False),
        ("quicksight", "Created", False),
        ("sqs", "CreateQueue", False),
        ("docdb", "CreateDBCluster", False),
        ("cloudcontrol", "CreateResource", False),
        ("rds-data", "CreateX", False),
    ],
)
def test_a_success_that_may_have_made_something(service: str, operation: str, told: bool) -> None:
    assert [left.name for left in unlisted({(service, "us-east-1", operation)})] == ([service] if told else [])


def test_one_entry_per_service_names_its_operations() -> None:
    called = {("transfer", r, o) for r in ("a", "b") for o in ("CreateUser", "CreateServer", "ListUsers")}
    (left,) = unlisted(called)
    assert left.type == ""
    assert left.unknown == "CreateServer, CreateUser succeeded, and sandgate knows no call that lists what is there"
