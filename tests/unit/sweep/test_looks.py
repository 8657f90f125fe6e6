"""Reads of one by its key, which stand for a listing; and members that wait for their stack."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from sandgate.ledger.entry import Entry
from sandgate.resources._model import resource_types
from sandgate.sweep.found import CannotListError, list_all, listing_for
from sandgate.sweep.plan import Step, container_of, waiting

OBJECT = {"Bucket": "b", "Key": "k", "VersionId": "v"}
ITEM = {"TableName": "t", "Key": {"pk": {"B": "/w=="}}}


class Client:
    """Answers, or fails with a code and a status."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.got: list[dict[str, Any]] = []

    def can_paginate(self, _name: str) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        def call(**given: Any) -> Any:
            self.got.append({"": name, **given})
            if isinstance(self.answer, tuple):
                code, status = self.answer
                parts = cast("Any", {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}})
                raise ClientError(parts, name)
            return self.answer

        return call


def found(kind: str, key: dict[str, Any], answer: object) -> tuple[list[Any], list[dict[str, Any]]]:
    client = Client(answer)
    return [one.key for one in list_all(client, resource_types()[kind], key)], client.got


@pytest.mark.parametrize(
    ("answer", "there"),
    [({"ETag": "x"}, True), (("405", 405), True), (("404", 404), False), (("NoSuchBucket", 404), False)],
)
def test_an_object_is_looked_at_and_its_bucket_not_listed(answer: object, *, there: bool) -> None:
    keys, got = found("s3-object", OBJECT, answer)
    assert keys == ([OBJECT] if there else [])
    assert got == [{"": "head_object", **OBJECT}]


class WithoutVersions(Client):
    """Refuses any version, as moto's server does in buckets that have never kept some."""

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)
        bad = Client(("400", 400)).__getattr__(name)
        return lambda **given: (bad if "VersionId" in given else call)(**given)


@pytest.mark.parametrize(("answer", "there"), [({"ETag": "x"}, True), (("404", 404), False)])
def test_where_no_version_is_known_the_version_null_is_not_named(answer: object, *, there: bool) -> None:
    key = {**OBJECT, "VersionId": "null"}
    listed = list_all(WithoutVersions(answer), resource_types()["s3-object"], key)
    assert [one.key for one in listed] == ([key] if there else [])
    with pytest.raises(CannotListError):
        list(list_all(WithoutVersions(answer), resource_types()["s3-object"], OBJECT))


def test_an_object_that_cannot_be_looked_at_is_not_gone() -> None:
    with pytest.raises(CannotListError):
        found("s3-object", OBJECT, ("AccessDenied", 403))


@pytest.mark.parametrize(
    ("answer", "there"), [({"Item": {"pk": {"B": b"\xff"}, "Key": {"S": "no"}}}, True), ({}, False)]
)
def test_an_item_is_looked_at_by_its_bytes(answer: object, *, there: bool) -> None:
    """The ledger has bytes as text; attributes that are called as members of the key are none."""
    keys, got = found("dynamodb-item", ITEM, answer)
    assert keys == ([ITEM] if there else [])
    assert got[0] == {"": "get_item", "TableName": "t", "Key": {"pk": {"B": b"\xff"}}, "ConsistentRead": True}


def test_a_table_is_never_scanned() -> None:
    with pytest.raises(CannotListError):
        found("dynamodb-item", {"TableName": "t"}, {})


def test_versions_of_one_object_are_listed_where_its_own_is_unknown() -> None:
    kind = resource_types()["s3-object"]
    assert listing_for(kind, {"Bucket": "b", "Key": "k"}) is kind.listing
    assert container_of(kind, {"Bucket": "b", "Key": "k"}) == {"Bucket": "b", "Key": "k"}
    assert container_of(kind, OBJECT) == OBJECT


def step(type_: str, key: dict[str, str], *, claim: str = "perhaps", stack: str = "", region: str = "r") -> Step:
    claims = cast("Any", {"c": claim})
    entry = Entry(type=type_, key=key, region=region, claims=claims, at=1.0, stack=stack)
    return Step(entry=entry, what="remove", why="")


def test_members_wait_for_their_stack() -> None:
    stack = step("cloudformation-stack", {"StackName": "s"}, claim="made")
    member = step("dynamodb-table", {"TableName": "a"}, stack="s")
    others = [
        step("dynamodb-table", {"TableName": "b"}, stack="s", claim="made"),
        step("dynamodb-table", {"TableName": "c"}, stack="s", region="other"),
        step("dynamodb-table", {"TableName": "d"}),
    ]
    assert waiting([stack, member, *others]) == {member.entry.identity}
    assert waiting([member, *others]) == frozenset()
