"""What carries the prefix and is nobody's."""

from __future__ import annotations

import pytest

from sandgate.ledger.entry import identity_of
from sandgate.resources._model import resource_types
from sandgate.sweep.found import Found
from sandgate.sweep.strays import Known, Listed, carries, strays, types_of

QUEUE = resource_types()["sqs-queue"]


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("test-x", True),
        ("test_x", True),
        ("/test/x", True),
        ("test/x", True),
        ("/aws/lambda/test-x", True),
        ("/aws/vendedlogs/test_x", True),
        ("demo-x", True),
        ("test", False),
        ("testing-x", False),
        ("contest-x", False),
        ("prod-test-x", False),
        ("/prod/test-x", False),
        ("/aws/lambda/prod/test-x", False),
        ("/aws/lambda/contest-x", False),
        ("Test-x", False),
        ("", False),
    ],
)
def test_what_carries_the_prefix(name: str, inside: bool) -> None:
    assert carries(name, ("test", "demo")) == inside


def found(name: str, **more: object) -> Found:
    return Found(key={"QueueName": name}, name=name, **more)  # type: ignore[arg-type]


def taken(*listed: Found, known: Known) -> list[str]:
    one = Listed(kind=QUEUE, found=listed)
    return [each["name"] for each in strays([one], prefixes=("test",), region="eu-west-1", known=known)]


def test_what_ledgers_know_is_left_alone() -> None:
    known = Known(identities={identity_of("sqs-queue", "eu-west-1", {"QueueName": "test-known"})})
    assert taken(found("test-known"), found("test-free"), known=known) == ["test-free"]


def test_a_ledger_of_another_region_says_nothing() -> None:
    known = Known(identities={identity_of("sqs-queue", "us-east-1", {"QueueName": "test-known"})})
    assert taken(found("test-known"), known=known) == ["test-known"]


def test_what_carries_the_namespace_of_a_live_run_is_left_alone() -> None:
    known = Known(namespaces={"abc123"})
    assert taken(found("test-abc123-x"), found("test-abc123w2-x"), found("test-y"), known=known) == ["test-y"]


def test_what_is_as_good_as_gone_or_half_named_is_left_alone() -> None:
    half = Found(key={}, name="test-half")
    assert taken(found("test-gone", gone=True), half, known=Known()) == []


def test_what_is_inside_of_something_is_not_looked_for() -> None:
    kinds = {kind.name for kind in types_of(["s3", "iam", "events", "lambda"])}
    assert {"s3-bucket", "iam-user", "events-rule", "lambda-layer-version"} <= kinds
    assert kinds.isdisjoint({"s3-object", "iam-access-key", "events-target", "lambda-alias"})
