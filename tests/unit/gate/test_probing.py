"""How the gate asks whether something is there, and what it makes of answers."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import cast

import pytest

from sandgate.config.load import load
from sandgate.core.call import Call, Principal
from sandgate.gate.asking import Asking
from sandgate.gate.ledgering import Ledgering
from sandgate.gate.pointing import Pointing
from sandgate.gate.probing import Presence, Prober
from sandgate.ledger.book import Book
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


class WithoutVersions(Upstream):
    """Refuses any version, as moto's server does in buckets that have never kept some."""

    async def ask(self, *args: str, query: str = "", **more: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
        answer = await super().ask(*args, query=query, **more)  # type: ignore[arg-type]
        return (400, b"") if query else answer


@pytest.mark.parametrize(("status", "presence"), [(200, True), (404, False), (403, "unknown"), (400, "unknown")])
def test_where_no_version_is_known_the_version_null_is_not_named(status: int, presence: Presence) -> None:
    upstream = WithoutVersions(status)
    assert look(upstream, "s3-object", {**OBJECT, "VersionId": "null"}) == presence
    assert [query for _, _, query, _ in upstream.got] == ["versionId=null", ""]
    assert look(upstream, "s3-object", OBJECT) == "unknown"


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


@pytest.mark.parametrize(
    ("members", "more", "presence"),
    [("e", "", True), ("e", "t", True), ("other", "", False), ("other", "t", "unknown"), ("", "t", "unknown")],
)
def test_a_list_that_goes_on_does_not_prove_absence(members: str, more: str, presence: Presence) -> None:
    """ListSubscriptionsByTopic answers with a hundred at a time."""
    (create,) = resource_types()["sns-subscription"].creates
    token = f"<NextToken>{more}</NextToken>" if more else ""
    member = f"<member><Endpoint>{members}</Endpoint></member>" if members else ""
    upstream = Upstream(200, f"<R><L><Subscriptions>{member}</Subscriptions>{token}</L></R>".encode())
    key = {"Name": "t", "Protocol": "sqs", "Endpoint": "e"}
    assert create.probe is not None
    assert asyncio.run(prober(upstream).exists("sns", create.probe, key, "eu-west-1")) is presence


@pytest.mark.parametrize(("status", "presence"), [(200, True), (404, False), (403, "unknown")])
def test_what_only_the_answer_names_is_asked_for_by_what_was_told(
    status: int, presence: Presence, tmp_path: Path
) -> None:
    """CreatePlatformApplication answers with the ARN of an equal one that was there."""
    code = b"NotFound" if status == 404 else b"AuthorizationError"
    upstream = Upstream(status, b"<E><Error><Code>" + code + b"</Code></Error></E>")
    book = Book(tmp_path / "ledger.jsonl")
    ledger = Ledgering(book, cast("Asking", None), prober(upstream), cast("Pointing", None), "n1")
    parameters = {"Name": "app", "Platform": "GCM", "Attributes": {}}
    call = Call(
        id="1", service="sns", operation="CreatePlatformApplication", parameters=parameters, region="eu-west-1",
        principal=Principal(kind="identity", name="main"),
    )  # fmt: skip
    assert asyncio.run(ledger.before(call))
    assert b"arn%3Aaws%3Asns%3Aeu-west-1%3A000000000000%3Aapp%2FGCM%2Fapp" in upstream.got[0][3]
    claims = [entry.claim for entry in book.state.alive.values()]
    book.close()
    assert claims == {True: [], False: ["unknown"], "unknown": ["doubt"]}[presence]


@pytest.mark.parametrize(("operation", "shown"), [("PutMetricAlarm", "MetricAlarms"), ("PutLogAlarm", "LogAlarms")])
def test_an_alarm_that_is_overwritten(operation: str, shown: str) -> None:
    create = next(one for one in resource_types()["cloudwatch-alarm"].creates if one.operation == operation)
    upstream = Upstream(200, json.dumps({shown: [{"AlarmName": "a"}]}).encode())
    assert create.probe is not None
    assert asyncio.run(prober(upstream).exists("cloudwatch", create.probe, {"AlarmName": "a"}, "r")) is True
    assert asyncio.run(prober(upstream).exists("cloudwatch", create.probe, {"AlarmName": "b"}, "r")) is False
