"""Objects in buckets of others: what the ledger calls them, and when it takes them for gone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest

from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Presence, Prober
from sandgate.ledger.book import Book
from sandgate.ledger.entry import Entry
from sandgate.ledger.track import removed_by
from sandgate.resources._model import resource_types
from sandgate.sweep.plan import container_of

_OBJECT = {"Bucket": "theirs", "Key": "a"}


class _Probed:
    """Says of everything the same."""

    def __init__(self, presence: Presence, shown: object = "") -> None:
        self._presence = presence
        self._shown = shown

    async def look(self, *_about: object) -> Presence:
        return self._presence

    async def survey(self, *_about: object) -> object:
        return self._shown


def _call(operation: str, parameters: Mapping[str, Any], *, service: str = "s3") -> Call:
    return Call(
        id=f"{operation}1",
        service=service,
        operation=operation,
        parameters=parameters,
        region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )


def _alive(book: Book, presence: Presence, headers: tuple[tuple[str, str], ...]) -> list[Mapping[str, Any]]:
    ledger = Ledgering(book, cast("Asking", None), cast("Prober", _Probed(presence)), cast("Pointing", None), "n1")
    call = _call("PutObject", _OBJECT)
    assert asyncio.run(ledger.before(call))
    ledger.after(call, 200, "", (b"", headers), ())
    return [entry.key for entry in book.state.alive.values()]


def test_an_object_without_versions_is_known_as_null(book: Book) -> None:
    """Its answer names none, and a listing calls it so."""
    assert _alive(book, False, ()) == [{**_OBJECT, "VersionId": "null"}]


def test_an_object_that_was_there_is_not_ours(book: Book) -> None:
    """It was overwritten, which is told; nobody removes it."""
    assert _alive(book, True, (("x-amz-version-id", "null"),)) == []
    assert [finding.what for finding in book.state.findings] == ["overwritten"]


@pytest.mark.parametrize("presence", [False, True])
def test_a_version_is_ours_whatever_was_there(book: Book, *, presence: bool) -> None:
    """A new version of somebody's object is the run's."""
    assert _alive(book, presence, (("x-amz-version-id", "v1"),)) == [{**_OBJECT, "VersionId": "v1"}]


_ITEM = {"pk": {"S": "x"}}
_BATCH = ({"RequestItems": {"theirs": [{"DeleteRequest": {"Key": _ITEM}}]}}, "dynamodb", "BatchWriteItem")
_OBJECTS = ({"Bucket": "theirs", "Delete": {"Objects": [{"Key": "a"}]}}, "s3", "DeleteObjects")


@pytest.mark.parametrize(
    ("removal", "answer", "claims"),
    [
        (_BATCH, b'{"UnprocessedItems": {}}', []),
        (_BATCH, b'{"UnprocessedItems": {"theirs": [{"DeleteRequest": {}}]}}', ["going"]),
        (_OBJECTS, b"<DeleteResult><Error><Key>a</Key></Error></DeleteResult>", ["going"]),
        (_OBJECTS, b"<DeleteResult/>", ["going"]),
    ],
)
def test_a_removal_of_several_may_leave_some(
    book: Book, removal: tuple[Mapping[str, Any], str, str], answer: bytes, claims: list[str]
) -> None:
    parameters, service, operation = removal
    probed = cast("Prober", _Probed(False, [{"AttributeName": "pk"}] if service == "dynamodb" else ""))
    ledger = Ledgering(book, cast("Asking", None), probed, cast("Pointing", None), "n1")
    item = _call("PutItem", {"TableName": "theirs", "Item": _ITEM}, service="dynamodb")
    made = item if service == "dynamodb" else _call("PutObject", _OBJECT)
    assert asyncio.run(ledger.before(made))
    ledger.after(made, 200, "", (b"", ()), ())
    gone = _call(operation, parameters, service=service)
    assert asyncio.run(ledger.before(gone))
    assert ledger.reads(gone) is (service == "dynamodb")
    ledger.after(gone, 200, "", (answer, ()), ())
    assert [entry.claim for entry in book.state.alive.values()] == claims


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "keys"),
    [
        ("s3", "DeleteObject", _OBJECT, [{**_OBJECT, "VersionId": "null"}]),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "theirs", "Delete": {"Objects": [{"Key": "a"}, {"Key": "a", "VersionId": "v1"}]}},
            [{**_OBJECT, "VersionId": "null"}, {**_OBJECT, "VersionId": "v1"}],
        ),
        ("s3", "DeleteObject", {**_OBJECT, "VersionId": "v1"}, [{**_OBJECT, "VersionId": "v1"}]),
        ("lambda", "DeleteFunction", {"FunctionName": "test-a"}, [{"FunctionName": "test-a"}]),
        ("lambda", "DeleteFunction", {"FunctionName": "test-a", "Qualifier": "1"}, []),
        ("ssm", "DeleteParameter", {"Name": "test-a"}, [{"Name": "test-a"}]),
        ("ssm", "DeleteParameters", {"Names": ["test-a", "test-b"]}, [{"Name": "test-a"}, {"Name": "test-b"}]),
        ("secretsmanager", "DeleteSecret", {"SecretId": "test-a"}, []),
        (
            "secretsmanager",
            "DeleteSecret",
            {
                "SecretId": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:test-a-x1Y2z3",
                "ForceDeleteWithoutRecovery": True,
            },
            [{"Name": "test-a"}],
        ),
        ("kinesis", "DeleteStream", {"StreamARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/test-a"},
         [{"StreamName": "test-a"}]),
    ],
)  # fmt: skip
def test_what_a_test_removes(
    service: str, operation: str, parameters: Mapping[str, Any], keys: list[Mapping[str, Any]]
) -> None:
    """However it names it; a version of a function is not the function, and a secret in its window not gone."""
    found = [one.key for one in removed_by(_call(operation, parameters, service=service))]
    assert [key for key in found if "UploadId" not in key] == keys


def test_a_version_of_a_layer_is_named_by_its_number() -> None:
    """The ledger knows it by an ARN, which no request says; that of another version, layer or region stays."""
    arns = [f"arn:aws:lambda:eu-west-1:111122223333:layer:test-a:{number}" for number in (1, 11)]
    alive = [
        Entry(
            type="lambda-layer-version",
            key={"LayerName": name, "LayerVersionArn": arn},
            region=region,
            claims={"a": "made"},
            at=1.0,
        )
        for name, region in (("test-a", "eu-west-1"), ("test-b", "eu-west-1"), ("test-a", "eu-west-2"))
        for arn in arns
    ]
    for name in ("test-a", "arn:aws:lambda:eu-west-1:111122223333:layer:test-a"):
        call = _call("DeleteLayerVersion", {"LayerName": name, "VersionNumber": 1}, service="lambda")
        (found,) = removed_by(call, alive)
        assert found.key == {"LayerName": "test-a", "LayerVersionArn": arns[0]}


def test_a_listing_is_told_the_container_that_the_key_knows() -> None:
    """The rest is found by the listing over it."""
    kind = resource_types()["kinesis-stream-consumer"]
    assert container_of(kind, {"StreamName": "s", "ConsumerARN": "c"}) == {"StreamName": "s"}
