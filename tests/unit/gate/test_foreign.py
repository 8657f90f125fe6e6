"""What a call makes in somebody else's container: its key, whether it was there, and what can be told of it."""

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

REGION = "eu-west-1"
SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}]
OBJECT = {"Bucket": "theirs", "Key": "a"}


class Probed:
    """Says of every container and every resource in it the same, and counts."""

    def __init__(self) -> None:
        self.presence: Presence = False
        self.shown: object = SCHEMA
        self.asked: list[str] = []

    async def look(self, *_about: object) -> Presence:
        self.asked.append("look")
        return self.presence

    async def survey(self, *_about: object) -> object:
        self.asked.append("survey")
        await asyncio.sleep(0)
        return self.shown


@pytest.fixture
def prober() -> Probed:
    """What upstream would say."""
    return Probed()


@pytest.fixture
def ledger(book: Book, prober: Probed) -> Ledgering:
    """The ledger's keeper."""
    return Ledgering(book, cast("Asking", None), cast("Prober", prober), cast("Pointing", None), "n1")


def call(operation: str, service: str = "dynamodb", **parameters: Any) -> Call:
    return Call(
        id=f"{operation}-{id(parameters)}", service=service, operation=operation, parameters=parameters, region=REGION,
        principal=Principal(kind="identity", name="main"), test_id="t::one",
    )  # fmt: skip


def put(pk: Mapping[str, Any], **more: Any) -> Call:
    return call("PutItem", TableName="theirs", Item={"pk": pk, "data": {"S": "secret"}}, **more)


def carry(ledger: Ledgering, made: Call, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
    assert asyncio.run(ledger.before(made))
    ledger.after(made, status, "" if status == 200 else "Oops", (b"", tuple((headers or {}).items())), ())


def keys(book: Book) -> list[Any]:
    return [entry.key for entry in book.state.alive.values()]


def told(book: Book) -> list[tuple[str, str]]:
    return [(one.what, one.name) for one in book.state.findings]


def test_an_item_is_known_by_its_key_alone(ledger: Ledgering, book: Book) -> None:
    carry(ledger, put({"B": b"\xff"}))
    assert keys(book) == [{"TableName": "theirs", "Key": {"pk": {"B": "/w=="}}}]
    assert "secret" not in str(book.state.alive)


def test_what_the_run_put_there_is_not_looked_at_again(ledger: Ledgering, book: Book, prober: Probed) -> None:
    """Also when the number is written in another way."""
    for number in ("1", "1.0", "1e0", "0.1E1"):
        carry(ledger, put({"N": number}))
    assert prober.asked == ["survey", "look"]
    assert keys(book) == [{"TableName": "theirs", "Key": {"pk": {"N": "1"}}}]


def test_a_batch_asks_for_the_schema_once(ledger: Ledgering, book: Book, prober: Probed) -> None:
    puts = [{"PutRequest": {"Item": {"pk": {"S": str(number)}}}} for number in range(25)]
    carry(ledger, call("BatchWriteItem", RequestItems={"theirs": puts}))
    assert prober.asked.count("survey") == 1
    assert len(keys(book)) == 25


def test_what_was_overwritten_is_told_unless_the_call_failed(ledger: Ledgering, book: Book, prober: Probed) -> None:
    prober.presence = True
    carry(ledger, put({"S": "a"}), status=400)
    assert told(book) == []
    carry(ledger, put({"S": "b"}))
    carry(ledger, put({"S": "c"}), status=503)  # nobody knows, so it may have been
    assert told(book) == [("overwritten", 'theirs {"pk": {"S": "b"}}'), ("overwritten", 'theirs {"pk": {"S": "c"}}')]
    assert keys(book) == []


def test_where_nobody_can_tell_it_is_in_doubt(ledger: Ledgering, book: Book, prober: Probed) -> None:
    prober.presence = "unknown"
    carry(ledger, put({"S": "a"}))
    assert [entry.claim for entry in book.state.alive.values()] == ["doubt"]
    assert told(book) == []


def test_a_table_whose_schema_nobody_tells(ledger: Ledgering, book: Book, prober: Probed) -> None:
    """What is put there has no name, and nothing of it is written."""
    prober.shown = None
    carry(ledger, put({"S": "a"}))
    assert told(book) == [("unnamed", "theirs")]
    assert keys(book) == []


def test_an_item_without_its_key_has_no_name(ledger: Ledgering, book: Book) -> None:
    carry(ledger, call("PutItem", TableName="theirs", Item={"other": {"B": b"1"}}), status=400)
    assert (told(book), keys(book)) == ([], [])


@pytest.mark.parametrize(
    ("shown", "asked", "version"),
    [("Enabled", ["survey"], None), ("Suspended", ["survey", "look"], "null"), ("", ["survey", "look"], "null")],
)
def test_versions_decide_what_an_object_is_called(
    ledger: Ledgering, book: Book, prober: Probed, *, shown: str, asked: list[str], version: str | None
) -> None:
    """Before the answer is there: an answer that never comes leaves no more than this."""
    prober.shown = shown
    assert asyncio.run(ledger.before(call("PutObject", "s3", **OBJECT)))
    assert prober.asked == asked
    assert keys(book) == [OBJECT | ({"VersionId": version} if version else {})]


def test_a_delete_marker_is_removed_and_a_deletion_makes_nothing(ledger: Ledgering, book: Book, prober: Probed) -> None:
    prober.shown = ""
    carry(ledger, call("DeleteObject", "s3", **OBJECT))
    carry(ledger, call("PutBucketVersioning", "s3", Bucket="theirs"))
    assert keys(book) == []
    prober.shown = "Enabled"
    carry(ledger, call("DeleteObject", "s3", **OBJECT), headers={"x-amz-version-id": "v1"})
    carry(ledger, call("DeleteObject", "s3", **OBJECT, VersionId="v0"), headers={"x-amz-version-id": "v0"})
    assert keys(book) == [{**OBJECT, "VersionId": "v1"}]
    carry(ledger, call("DeleteObject", "s3", **OBJECT, VersionId="v1"))
    assert keys(book) == []


def test_a_marker_takes_nothing_away(ledger: Ledgering, book: Book, prober: Probed) -> None:
    """An object from before versions were kept lies under it."""
    prober.shown = ""
    carry(ledger, call("PutObject", "s3", **OBJECT))
    carry(ledger, call("PutBucketVersioning", "s3", Bucket="theirs"))
    prober.shown = "Enabled"
    carry(ledger, call("DeleteObject", "s3", **OBJECT), headers={"x-amz-version-id": "v1"})
    assert [key["VersionId"] for key in keys(book)] == ["null", "v1"]


@pytest.mark.parametrize("quiet", [False, True])
def test_markers_of_a_batch_are_known_by_what_the_answer_says(
    ledger: Ledgering, book: Book, prober: Probed, *, quiet: bool
) -> None:
    """One that says nothing leaves them without their versions: told, and never removed."""
    prober.shown = "Enabled"
    made = call(
        "DeleteObjects",
        "s3",
        Bucket="theirs",
        Delete={"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}, {"Key": "c"}]},
    )
    assert asyncio.run(ledger.before(made))
    assert ledger.reads(made)
    deleted = "".join(
        f"<Deleted><Key>{key}</Key><DeleteMarkerVersionId>m{key}</DeleteMarkerVersionId></Deleted>" for key in "ca"
    )
    body = f"<DeleteResult>{'' if quiet else deleted}<Deleted><Key>b</Key></Deleted></DeleteResult>"
    ledger.after(made, 200, "", (body.encode(), ()), ())
    known = [{**OBJECT, "Key": key} | ({} if quiet else {"VersionId": f"m{key}"}) for key in "ac"]
    assert sorted(keys(book), key=str) == sorted(known, key=str)


def test_a_form_that_names_no_key_claims_none(ledger: Ledgering, book: Book, prober: Probed) -> None:
    prober.shown = ""
    carry(ledger, call("PostObject", "s3", Bucket="theirs", Key="f/${filename}"))
    assert keys(book) == [{"Bucket": "theirs", "VersionId": "null"}]
    assert prober.asked == ["survey"]


def test_what_is_sent_is_told_once_and_only_if_it_went(ledger: Ledgering, book: Book) -> None:
    book.write("intent", id="q", at=1.0, type="sqs-queue", region=REGION, key={"QueueName": "ours"})
    for status in (404, 200, 200):
        for name in ("theirs", "ours"):
            carry(ledger, call("SendMessage", "sqs", QueueUrl=f"http://h/0/{name}", MessageBody="m"), status=status)
    carry(ledger, call("SendMessageBatch", "sqs", QueueUrl="http://h/0/theirs"))
    assert [(one.operation, one.name, one.test) for one in book.state.findings] == [
        ("sqs:SendMessage", "theirs", "t::one"),
        ("sqs:SendMessageBatch", "theirs", "t::one"),
    ]


@pytest.mark.parametrize(
    ("more", "claim"), [({}, "made"), ({"Name": "ours-n1"}, "made"), ({"Name": "shared"}, "doubt")]
)
def test_a_grant_that_may_have_been_there(ledger: Ledgering, book: Book, more: Mapping[str, str], claim: str) -> None:
    """AWS answers with the id of the grant that has this name already, and else makes one each time."""
    made = call("CreateGrant", service="kms", KeyId="theirs", GranteePrincipal="p", Operations=["Encrypt"], **more)
    assert asyncio.run(ledger.before(made))
    ledger.after(made, 200, "", (b'{"GrantId": "g"}', ()), ())
    (entry,) = book.state.alive.values()
    assert (dict(entry.key), entry.claim) == ({"KeyId": "theirs", "GrantId": "g"}, claim)
