"""The timings of AWS, by a clock that the tests move."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sandgate.config.load import load
from sandgate.core.call import Call, Principal
from sandgate.errors import ConfigError
from sandgate.faults._model import Asked, Failure, timings
from sandgate.faults.choice import chosen

SECONDS = 5.0
KEY = {"id": {"S": "1"}}


class World:
    """One timing, its clock, and what the gate's own reads find."""

    def __init__(self, timing: str) -> None:
        self.now = 100.0
        self.item: Mapping[str, Any] | None = None
        self.asked: list[str] = []
        self.simulation = timings()[timing].start(SECONDS, lambda: self.now, self)
        self._calls = 0

    async def json(self, _service: str, operation: str, _parameters: Mapping[str, object], _region: str) -> Any:
        self.asked.append(operation)
        if operation == "DescribeTable":
            return {"Table": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}
        return {"Item": self.item} if self.item else {}

    def call(self, name: str, body: Any = b"", *, key_id: str = "", protocol: str = "json", **parameters: Any) -> Any:
        """What a call gets: a failure's code, or the answer, which upstream gives as `body`."""
        service, _, operation = name.partition(":")
        self._calls += 1
        call = Call(
            id=str(self._calls), service=service, operation=operation, parameters=parameters, region="eu-west-1",
            principal=Principal(kind="identity", name="main"),
        )  # fmt: skip
        asked = Asked(call=call, protocol=protocol, key_id=key_id)
        instead = asyncio.run(self.simulation.before(asked))
        if isinstance(instead, Failure):
            return instead.code
        answer = instead or (body if isinstance(body, bytes) else json.dumps(body).encode())
        if instead is None and self.simulation.reads(call):
            answer = self.simulation.after(asked, answer)
        return json.loads(answer) if not isinstance(body, bytes) or instead else answer


def _status(answer: Any) -> str:
    return str((answer.get("Table") or answer["TableDescription"])["TableStatus"])


MADE = {"TableDescription": {"TableName": "t", "TableStatus": "ACTIVE"}}
THERE = {"Table": {"TableName": "t", "TableStatus": "ACTIVE"}}


def test_a_new_table_is_creating_and_then_there() -> None:
    world = World("table-creating")
    assert _status(world.call("dynamodb:DescribeTable", THERE, TableName="t")) == "ACTIVE"
    assert _status(world.call("dynamodb:CreateTable", MADE, TableName="t")) == "CREATING"
    assert _status(world.call("dynamodb:DescribeTable", THERE, TableName="t")) == "CREATING"
    assert _status(world.call("dynamodb:DescribeTable", THERE, TableName="another")) == "ACTIVE"
    world.now += SECONDS - 0.1
    assert _status(world.call("dynamodb:DescribeTable", THERE, TableName="arn:aws:dynamodb:r:1:table/t")) == "CREATING"
    world.now += 0.1
    assert _status(world.call("dynamodb:DescribeTable", THERE, TableName="t")) == "ACTIVE"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetItem", {"TableName": "t"}),
        ("Query", {"TableName": "arn:aws:dynamodb:eu-west-1:1:table/t"}),
        ("BatchWriteItem", {"RequestItems": {"another": [], "t": []}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "another"}}, {"Put": {"TableName": "t"}}]}),
    ],
)
def test_a_table_that_is_creating_has_no_items(operation: str, parameters: dict[str, Any]) -> None:
    world = World("table-creating")
    world.call("dynamodb:CreateTable", MADE, TableName="t")
    assert world.call(f"dynamodb:{operation}", {}, **parameters) == "ResourceNotFoundException"
    world.now += SECONDS
    assert world.call(f"dynamodb:{operation}", {}, **parameters) == {}


def test_a_table_on_its_way_is_not_changed() -> None:
    world = World("table-creating")
    world.call("dynamodb:CreateTable", MADE, TableName="t")
    assert world.call("dynamodb:DeleteTable", MADE, TableName="t") == "ResourceInUseException"
    world.now += SECONDS
    assert _status(world.call("dynamodb:DeleteTable", MADE, TableName="t")) == "DELETING"
    assert _status(world.call("dynamodb:DescribeTable", {"Table": {}}, TableName="t")) == "DELETING"
    assert world.call("dynamodb:CreateTable", MADE, TableName="t") == "ResourceInUseException"
    assert world.call("dynamodb:UpdateTable", MADE, TableName="t") == "ResourceInUseException"
    world.now += SECONDS
    assert _status(world.call("dynamodb:CreateTable", MADE, TableName="t")) == "CREATING"


def _read(world: World, **more: Any) -> Any:
    answer = {"Item": world.item} if world.item else {}
    return world.call("dynamodb:GetItem", answer, TableName="t", Key=KEY, **more).get("Item")


def _put(world: World, value: str) -> None:
    """The item is there once the call that writes it has been carried out, and not before it."""
    item = {**KEY, "v": {"S": value}}
    world.call("dynamodb:PutItem", {}, TableName="t", Item=item)
    world.item = item


def test_reads_of_items_are_behind() -> None:
    world = World("item-reads")
    _put(world, "a")
    assert _read(world) is None
    assert _read(world, ConsistentRead=True)["v"] == {"S": "a"}
    assert _read(world, ProjectionExpression="v")["v"] == {"S": "a"}
    world.now += SECONDS
    assert _read(world)["v"] == {"S": "a"}


def test_each_write_is_seen_when_its_own_time_has_come() -> None:
    world = World("item-reads")
    for value in "ab":
        _put(world, value)
        world.now += 2
    assert _read(world) is None
    world.now += 1  # the first write is five seconds ago, the second three
    assert _read(world)["v"] == {"S": "a"}
    world.call("dynamodb:DeleteItem", {}, TableName="t", Key=KEY)
    world.item = None
    world.now += 2
    assert _read(world)["v"] == {"S": "b"}
    world.now += 3
    assert _read(world) is None


def test_a_table_that_is_made_anew_has_nothing_of_the_old_one() -> None:
    world = World("item-reads")
    for value in "ab":
        _put(world, value)
        world.now += 2
    world.call("dynamodb:DeleteTable", {}, TableName="t")
    world.item = None
    world.call("dynamodb:CreateTable", {}, TableName="t")
    world.now += 1
    assert _read(world) is None


def test_the_key_of_a_table_is_asked_for_once() -> None:
    world = World("item-reads")
    _put(world, "a")
    _put(world, "b")
    assert world.asked == ["DescribeTable", "GetItem", "GetItem"]
    world.call("dynamodb:DeleteTable", MADE, TableName="t")
    _put(world, "c")
    assert world.asked[3:] == ["DescribeTable", "GetItem"]


def test_keys_of_bytes_are_told_as_json_has_them() -> None:
    world = World("item-reads")
    key = {"id": {"B": b"\xff"}}
    world.call("dynamodb:UpdateItem", {}, TableName="t", Key=key)
    world.item = key
    assert world.call("dynamodb:GetItem", {"Item": {"id": {"B": "/w=="}}}, TableName="t", Key=key) == {}


def test_the_name_of_a_queue_is_not_free_at_once() -> None:
    world = World("queue-name-reuse")
    world.call("sqs:DeleteQueue", QueueUrl="http://127.0.0.1:1/000000000000/test-q")
    assert world.call("sqs:CreateQueue", QueueName="test-q") == "QueueDeletedRecently"
    assert world.call("sqs:CreateQueue", QueueName="test-r") == b""
    world.now += SECONDS
    assert world.call("sqs:CreateQueue", QueueName="test-q") == b""


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("sts:AssumeRole", {"RoleArn": "arn:aws:iam::1:role/a/test-r"}, "AccessDenied"),
        ("lambda:CreateFunction", {"Role": "arn:aws:iam::1:role/test-r"}, "InvalidParameterValueException"),
        (
            "lambda:UpdateFunctionConfiguration",
            {"Role": "arn:aws:iam::1:role/test-r"},
            "InvalidParameterValueException",
        ),
    ],
)
def test_a_new_role_is_not_known_at_once(name: str, parameters: dict[str, str], code: str) -> None:
    world = World("role-propagation")
    assert world.call(name, **parameters) == b""
    world.call("iam:CreateRole", RoleName="test-r")
    assert world.call(name, **parameters) == code
    assert world.call(name, **{member: f"{arn}x" for member, arn in parameters.items()}) == b""
    world.now += SECONDS
    assert world.call(name, **parameters) == b""


@pytest.mark.parametrize(
    ("name", "protocol", "code"),
    [
        ("sts:GetCallerIdentity", "query", "InvalidClientTokenId"),
        ("s3:ListBuckets", "rest-xml", "InvalidAccessKeyId"),
        ("dynamodb:ListTables", "json", "UnrecognizedClientException"),
    ],
)
def test_a_new_key_is_not_known_at_once(name: str, protocol: str, code: str) -> None:
    world = World("key-propagation")
    world.call("iam:CreateAccessKey", b"<AccessKey><AccessKeyId>SGSURAAAABBBBCCCC</AccessKeyId></AccessKey>")
    assert world.call(name, key_id="SGSURAAAABBBBCCCC", protocol=protocol) == code
    assert world.call(name, key_id="SGSURAAAABBBBDDDD", protocol=protocol) == b""
    world.now += SECONDS
    assert world.call(name, key_id="SGSURAAAABBBBCCCC", protocol=protocol) == b""


@pytest.mark.parametrize("entity", ["Role", "User"])
def test_what_iam_has_made_is_not_found_at_once(entity: str) -> None:
    world = World("iam-reads")
    world.call(f"iam:Create{entity}", **{f"{entity}Name": "test-e"})
    assert world.call(f"iam:Get{entity}", **{f"{entity}Name": "test-e"}) == "NoSuchEntity"
    assert world.call(f"iam:Get{entity}", **{f"{entity}Name": "test-f"}) == b""
    assert world.call(f"iam:Delete{entity}", **{f"{entity}Name": "test-e"}) == b""
    world.now += SECONDS
    assert world.call(f"iam:Get{entity}", **{f"{entity}Name": "test-e"}) == b""


def test_the_option_says_which_and_for_how_long() -> None:
    own = {name: timing.seconds for name, timing in timings().items()}
    assert chosen("") == {}
    assert chosen("aws") == own
    assert chosen("aws=0.5") == dict.fromkeys(own, 0.5)
    assert chosen("table-creating, queue-name-reuse=2") == {"table-creating": 5.0, "queue-name-reuse": 2.0}
    assert chosen("aws=0.5,queue-name-reuse") == {**dict.fromkeys(own, 0.5), "queue-name-reuse": 60.0}


def test_every_timing_says_who_says_so() -> None:
    for timing in timings().values():
        assert timing.source.startswith(("AWS", "Amazon"))
        assert timing.seconds > 0


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("table-creatin", "did you mean 'table-creating'"),
        ("aws,aws=2", "names 'aws' twice"),
        ("aws=soon", "must be seconds after aws="),
        ("aws=", "must be seconds after aws="),
        ("aws=-1", "must be seconds after aws="),
    ],
)
def test_an_option_that_says_something_else_is_an_error(tmp_path: Path, option: str, complaint: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.sandgate]\ntiming = "{option}"\n')
    with pytest.raises(ConfigError, match=complaint) as caught:
        load(cwd=tmp_path, environ={}, overrides={})
    assert "key timing" in caught.value.where
