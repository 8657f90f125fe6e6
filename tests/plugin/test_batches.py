# ruff: noqa: ARG002, N803 - fakes with the parameters of AWS
"""Emptying, against services that are busy, partial and paged."""

from __future__ import annotations

from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.pytest_plugin.fixtures._batches import drain_queue, empty_bucket_of, empty_table_of


def busy(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "slower, please"}}, "Any")


@pytest.fixture
def waits() -> list[float]:
    return []


class Table:
    """A DynamoDB with one table; two items a page, and of each batch the last item unprocessed at first."""

    def __init__(self, items: int, *, faults: int = 0, code: str = "ThrottlingException") -> None:
        self.items = [{"p": {"S": str(n)}, "s": {"N": str(n)}, "more": {"S": "x"}} for n in range(items)]
        self.faults, self.code = faults, code
        self.writing = Lock()  # batches come from several threads
        self.batches: list[int] = []

    def describe_table(self, TableName: str) -> Any:
        return {"Table": {"KeySchema": [{"AttributeName": "p"}, {"AttributeName": "s"}]}}

    def scan(self, **request: Any) -> Any:
        assert request["ProjectionExpression"] == "#k0,#k1"
        assert request["ExpressionAttributeNames"] == {"#k0": "p", "#k1": "s"}
        assert request["ConsistentRead"]
        if self.faults:
            self.faults -= 1
            raise busy(self.code)
        after = int(request.get("ExclusiveStartKey", {"p": {"S": "-1"}})["p"]["S"])
        rest = [item for item in self.items if int(item["p"]["S"]) > after]
        page = rest[:30]
        last = {"LastEvaluatedKey": {"p": page[-1]["p"], "s": page[-1]["s"]}} if len(rest) > 30 else {}
        return {"Items": [{"p": item["p"], "s": item["s"]} for item in page], **last}

    def batch_write_item(self, RequestItems: Any) -> Any:
        (requests,) = RequestItems.values()
        assert len(requests) <= 25
        self.batches.append(len(requests))
        done = requests[:-1] or requests
        keys = [request["DeleteRequest"]["Key"] for request in done]
        assert all(set(key) == {"p", "s"} for key in keys)
        with self.writing:
            self.items = [item for item in self.items if {"p": item["p"], "s": item["s"]} not in keys]
        left = requests[len(done) :]
        return {"UnprocessedItems": {"t": left} if left else {}}


def test_every_page_in_batches_until_nothing_is_unprocessed(waits: list[float]) -> None:
    table = Table(70)
    assert empty_table_of(table, "t", waits.append) == 70
    assert table.items == []
    assert max(table.batches) == 25
    assert len(waits) == table.batches.count(1)


def test_a_busy_table_is_asked_again_and_no_page_is_lost(waits: list[float]) -> None:
    table = Table(70, faults=3)
    assert empty_table_of(table, "t", waits.append) == 70
    assert table.items == []


def test_a_table_that_stays_busy_is_an_error_and_not_an_empty_table(waits: list[float]) -> None:
    table = Table(3, faults=100)
    with pytest.raises(TimeoutError, match="stayed too busy, with ThrottlingException"):
        empty_table_of(table, "t", waits.append)
    assert len(table.items) == 3
    assert max(waits) <= 5


def test_another_fault_is_not_repeated(waits: list[float]) -> None:
    with pytest.raises(ClientError):
        empty_table_of(Table(3, faults=1, code="AccessDeniedException"), "t", waits.append)
    assert waits == []


class Bucket:
    """An S3 with one bucket; three entries a page, and some deletions refused at first."""

    def __init__(self, refusals: list[str]) -> None:
        self.entries = [(f"k{n}", f"v{n}", n % 2) for n in range(8)]
        self.uploads = [("u0", "i0"), ("u1", "i1")]
        self.refusals = refusals

    def list_object_versions(self, Bucket: str, KeyMarker: str = "", VersionIdMarker: str = "") -> Any:
        rest = [entry for entry in self.entries if (entry[0], entry[1]) > (KeyMarker, VersionIdMarker)]
        page = rest[:3]
        more = {"NextKeyMarker": page[-1][0], "NextVersionIdMarker": page[-1][1]} if len(rest) > 3 else {}
        return {
            "Versions": [{"Key": k, "VersionId": v} for k, v, marker in page if not marker],
            "DeleteMarkers": [{"Key": k, "VersionId": v} for k, v, marker in page if marker],
            **more,
        }

    def delete_objects(self, Bucket: str, Delete: Any) -> Any:
        asked = [(entry["Key"], entry["VersionId"]) for entry in Delete["Objects"]]
        refused = asked[:1] if self.refusals else []
        code = self.refusals.pop(0) if self.refusals else ""
        self.entries = [e for e in self.entries if (e[0], e[1]) not in asked or (e[0], e[1]) in refused]
        return {"Errors": [{"Key": k, "VersionId": v, "Code": code, "Message": "no"} for k, v in refused]}

    def list_multipart_uploads(self, Bucket: str, KeyMarker: str = "", UploadIdMarker: str = "") -> Any:
        page = [u for u in self.uploads if u > (KeyMarker, UploadIdMarker)]
        more = {"NextKeyMarker": page[0][0], "NextUploadIdMarker": page[0][1]} if len(page) > 1 else {}
        return {"Uploads": [{"Key": k, "UploadId": i} for k, i in page[:1]], **more}

    def abort_multipart_upload(self, Bucket: str, Key: str, UploadId: str) -> None:
        self.uploads.remove((Key, UploadId))


def test_versions_markers_and_uploads_page_by_page(waits: list[float]) -> None:
    bucket = Bucket(["SlowDown", "InternalError"])
    assert empty_bucket_of(bucket, "b", waits.append) == 8
    assert (bucket.entries, bucket.uploads) == ([], [])
    assert len(waits) == 2


def test_an_object_that_may_not_go_is_named(waits: list[float]) -> None:
    with pytest.raises(RuntimeError, match="s3://b/k0 cannot be deleted: AccessDenied: no"):
        empty_bucket_of(Bucket(["AccessDenied"]), "b", waits.append)


class Queue:
    class exceptions:  # noqa: N801
        class PurgeQueueInProgress(Exception):
            pass

    def __init__(self, messages: int, *, purged_lately: bool) -> None:
        self.messages, self.purged_lately = messages, purged_lately

    def purge_queue(self, QueueUrl: str) -> None:
        if self.purged_lately:
            raise self.exceptions.PurgeQueueInProgress
        self.messages = 0

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int) -> Any:
        count = min(self.messages, MaxNumberOfMessages)
        return {"Messages": [{"ReceiptHandle": str(n)} for n in range(count)]} if count else {}

    def delete_message_batch(self, QueueUrl: str, Entries: Any) -> None:
        assert len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        self.messages -= len(Entries)


@pytest.mark.parametrize("purged_lately", [False, True])
def test_queues(purged_lately: bool) -> None:
    queue = Queue(23, purged_lately=purged_lately)
    drain_queue(queue, "http://q")
    assert queue.messages == 0
