"""How the gate asks whether something is there, and what it makes of answers."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from sandgate.config.load import load
from sandgate.gate.asking import Asking
from sandgate.gate.probing import Presence, Prober
from sandgate.resources._model import Key, Probe, resource_types
from sandgate.session import cache_directory
from sandgate.wire.models import Models

OBJECT = {"Bucket": "b", "Key": "a b/c+d", "VersionId": "v1"}
ITEM = {"TableName": "t", "Key": {"pk": {"S": "x"}}}


class Upstream:
    """Answers every request the same, and keeps it."""

    def __init__(self, status: int, body: bytes = b"") -> None:
        self.status, self.body = status, body
        self.got: list[tuple[str, str, str, bytes]] = []

    async def ask(self, _service: str, method: str, path: str, *, query: str = "", body: bytes = b"", **_more: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
        self.got.append((method, path, query, body))
        return self.status, self.body


@cache
def models() -> Models:
    return Models.load(cache_directory(load(cwd=Path.cwd(), environ={}, overrides={})))


def prober(upstream: Upstream) -> Prober:
    return Prober(cast("Asking", upstream), models(), "000000000000")


def look(upstream: Upstream, kind: str, key: Key) -> Presence:
    found = resource_types()[kind]
    assert found.look is not None
    return asyncio.run(prober(upstream).look(found.service, found.look, key, "eu-west-1"))


@pytest.mark.parametrize(
    ("status", "presence"), [(200, True), (405, True), (404, False), (403, "unknown"), (500, "unknown"), (0, "unknown")]
)
def test_a_version_of_an_object(status: int, presence: Presence) -> None:
    """A delete marker answers that it cannot be read, and is there."""
    upstream = Upstream(status)
    assert look(upstream, "s3-object", OBJECT) == presence
    assert upstream.got == [("HEAD", "/b/a%20b/c%2Bd", "versionId=v1", b"")]


@pytest.mark.parametrize("key", ["..", "a/../b", "./a"])
def test_a_path_that_servers_shorten_is_not_asked_for(key: str) -> None:
    upstream = Upstream(404)
    assert look(upstream, "s3-object", {**OBJECT, "Key": key}) == "unknown"
    assert upstream.got == []


@pytest.mark.parametrize(
    ("status", "body", "presence"),
    [
        (200, b'{"Item": {"pk": {"S": "x"}}}', True),
        (200, b"{}", False),
        (400, b'{"__type": "com.amazonaws#ResourceNotFoundException"}', False),
        (400, b'{"__type": "com.amazonaws#ThrottlingException"}', "unknown"),
    ],
)
def test_an_item(status: int, body: bytes, presence: Presence) -> None:
    upstream = Upstream(status, body)
    assert look(upstream, "dynamodb-item", ITEM) == presence
    assert json.loads(upstream.got[0][3]) == {**ITEM, "ConsistentRead": True}


@pytest.mark.parametrize(
    ("kind", "status", "body", "shown"),
    [
        ("s3-object", 200, b"<VersioningConfiguration/>", ""),
        ("s3-object", 200, b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", "Enabled"),
        ("s3-object", 403, b"<Error/>", None),
        ("dynamodb-item", 200, b'{"Table": {"KeySchema": [{"AttributeName": "pk"}]}}', [{"AttributeName": "pk"}]),
        ("dynamodb-item", 200, b"{}", None),
        ("dynamodb-item", 200, b"no JSON", None),
        ("dynamodb-item", 400, b"{}", None),
    ],
)
def test_surveys(kind: str, status: int, body: bytes, shown: object) -> None:
    found = resource_types()[kind]
    assert found.survey is not None
    upstream = Upstream(status, body)
    key = {"Bucket": "b", "TableName": "t"}
    assert asyncio.run(prober(upstream).survey(found.service, found.survey, key, "eu-west-1")) == shown
    assert upstream.got[0][:3] in {("GET", "/b", "versioning"), ("POST", "/", "")}


@pytest.mark.parametrize(("name", "presence"), [("/a/f", True), ("/a/f1", False)])
def test_one_that_only_begins_alike_is_another(name: str, presence: Presence) -> None:
    probe = Probe(
        operation="DescribeLogGroups", parameters={"logGroupNamePrefix": "{n}"}, absent=(), shows="logGroups.n",
        equals="{n}",
    )  # fmt: skip
    upstream = Upstream(200, json.dumps({"logGroups": [{"n": name}]}).encode())
    assert asyncio.run(prober(upstream).exists("logs", probe, {"n": "/a/f"}, "eu-west-1")) is presence
