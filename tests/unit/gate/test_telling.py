"""What a call leaves that nobody can take out again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, cast

import botocore.session
import pytest

from sandgate.core.call import SWEEPER, Call, Principal
from sandgate.core.paths import every
from sandgate.gate.asking import Asking
from sandgate.gate.members import Members
from sandgate.gate.telling import Telling, left_by
from sandgate.ledger.book import Book
from sandgate.resources._model import resource_types

TABLE = {
    service: rules
    for service, rules in json.loads(resources.files("sandgate.gate").joinpath("told.json").read_text()).items()
    if service
}


def left(service: str, operation: str, **parameters: Any) -> list[tuple[str, str, dict[str, str]]]:
    principal = Principal(kind="identity", name="main")
    made = Call(id="c", service=service, operation=operation, parameters=parameters, principal=principal)
    return [(one.what, one.type, dict(one.key)) for one in left_by(made)]


@pytest.mark.parametrize("service", TABLE)
def test_operations_and_containers_exist(service: str) -> None:
    model = botocore.session.Session().get_service_model(service)
    for operation, rule in TABLE[service].items():
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        assert rule["entries"] == "@" or rule["entries"] in shape.members
        assert tuple(resource_types()[rule["type"]].key) == (rule["member"],)
        assert rule["what"] in {"sent", "unnamed"}
        assert list(every({}, rule["entries"])) in ([], [{}])


def test_each_container_once() -> None:
    events = [{"EventBusName": "arn:aws:events:eu-west-1:000000000000:event-bus/b"}, {}, {"EventBusName": "b"}]
    assert left("events", "PutEvents", Entries=events) == [
        ("sent", "events-event-bus", {"Name": "b"}),
        ("sent", "events-event-bus", {"Name": "default"}),
    ]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:000000000000:t"}, "t"),
        ({"TargetArn": "arn:aws:sns:eu-west-1:000000000000:t"}, "t"),
        ({"PhoneNumber": "+10000000000"}, "(a telephone)"),
    ],
)
def test_where_a_message_goes(parameters: dict[str, str], name: str) -> None:
    """A telephone is nobody's own, and its number is in no ledger."""
    assert left("sns", "Publish", **parameters) == [("sent", "sns-topic", {"Name": name})]


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("INSERT INTO \"my.t-1\" VALUE {'pk': 'x'}", ["my.t-1"]),
        ("  insert  into plain value {'pk': 'x'}", ["plain"]),
        ('SELECT * FROM "t"', []),
        ("UPDATE \"t\" SET a = 1 WHERE pk = 'INSERT INTO u'", []),
    ],
)
def test_statements_that_insert(statement: str, tables: list[str]) -> None:
    def inserted(operation: str, **parameters: Any) -> list[object]:
        return [key["TableName"] for what, _, key in left("dynamodb", operation, **parameters) if what == "unnamed"]

    assert inserted("ExecuteStatement", Statement=statement) == tables
    twice = [{"Statement": statement}, {"Statement": statement}]
    assert inserted("BatchExecuteStatement", Statements=twice) == tables
    assert inserted("ExecuteTransaction", TransactStatements=twice) == tables


ARN = "arn:aws:lambda:eu-west-1:111122223333:function:f"
RULE = {"EventBusName": "default", "Name": "r"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "key"),
    [
        ("lambda", "UpdateFunctionCode", {"FunctionName": "f"}, {"FunctionName": "f"}),
        ("lambda", "UpdateFunctionCode", {"FunctionName": "f:3"}, {"FunctionName": "f"}),
        ("lambda", "UpdateFunctionCode", {"FunctionName": ARN}, {"FunctionName": "f"}),
        ("lambda", "AddPermission", {"FunctionName": f"{ARN}:live"}, {"FunctionName": "f"}),
        ("lambda", "AddPermission", {"FunctionName": "111122223333:function:f:live"}, {"FunctionName": "f"}),
        ("logs", "PutTransformer", {"logGroupIdentifier": "/a"}, {"logGroupName": "/a"}),
        (
            "logs",
            "PutTransformer",
            {"logGroupIdentifier": "arn:aws:logs:eu-west-1:111122223333:log-group:/a:*"},
            {"logGroupName": "/a"},
        ),
        ("events", "DisableRule", {"Name": "r"}, RULE),
        ("s3", "PutObjectAcl", {"Bucket": "b", "Key": "k"}, {"Key": "k", "Bucket": "b"}),
        ("ec2", "AuthorizeSecurityGroupIngress", {"GroupName": "g"}, {"GroupId": "g"}),
        ("dynamodb", "ExecuteStatement", {"Statement": ' update "my.t" SET a = 1'}, {"TableName": "my.t"}),
    ],
)
def test_what_is_changed_is_named_as_the_ledger_has_it(
    service: str, operation: str, parameters: dict[str, Any], key: dict[str, str]
) -> None:
    ((what, _, found),) = left(service, operation, **parameters)
    assert (what, found) == ("changed", key)


def test_each_of_several_is_changed() -> None:
    found = left("cloudwatch", "DisableAlarmActions", AlarmNames=["a", "b", "a"])
    assert [key["AlarmName"] for _, _, key in found] == ["a", "b"]


def test_what_names_nothing_is_not_told() -> None:
    assert left("cloudformation", "ExecuteChangeSet", ChangeSetName="c") == []
    assert left("dynamodb", "ExecuteStatement", Statement="DELETE FROM t WHERE pk = 'a'") == []


def test_a_sweep_changes_only_what_goes() -> None:
    principal = Principal(kind="deployer", name="sweep", worker=SWEEPER)
    given = {"UserPoolId": "p", "DeletionProtection": "INACTIVE"}
    call = Call(id="c", service="cognito-idp", operation="UpdateUserPool", parameters=given, principal=principal)
    assert list(left_by(call)) == []


class NoStacks:
    """Nothing is a member of a stack."""

    async def members(self, *_about: object) -> tuple[()]:
        return ()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[tuple[Book, Telling]]:
    """A ledger, and who tells of it."""
    book = Book(tmp_path / "ledger.jsonl")
    book.begin({}, durable=False)
    yield book, Telling(book, Members(book, cast("Asking", NoStacks()), "n1"))
    book.close()


def foreign(ledger: Telling, service: str, operation: str, **parameters: Any) -> list[str]:
    """What a call changes that is not the run's own."""
    principal = Principal(kind="identity", name="main")
    call = Call(
        id="c", service=service, operation=operation, parameters=parameters, principal=principal, region="eu-west-1"
    )
    found = asyncio.run(ledger.left(call))
    ledger.tell(call, found)
    return [one.type for one in found]


def owns(book: Book, type_: str, key: dict[str, str], *, existed: str = "", **told: str) -> None:
    """Have the run make something."""
    line = {"id": str(len(book.state.ids)), "at": 1.0, "type": type_, "key": key, "region": "eu-west-1", "told": told}
    book.write("intent", **line, **({"existed": existed} if existed else {}))


def test_it_is_told_once_for_each_operation(ledger: tuple[Book, Telling]) -> None:
    for times in (1, 0, 0):
        assert len(foreign(ledger[1], "sqs", "SetQueueAttributes", QueueUrl="http://x/0/q")) == times
    assert foreign(ledger[1], "sqs", "AddPermission", QueueUrl="http://x/0/q") == ["sqs-queue"]
    assert [one.name for one in ledger[0].state.findings] == ["q", "q"]


OWN: dict[str, tuple[str, dict[str, str], dict[str, str], tuple[str, str], dict[str, Any]]] = {
    "by name": ("sqs-queue", {"QueueName": "q"}, {}, ("sqs", "SetQueueAttributes"), {"QueueUrl": "http://x/0/q"}),
    "of another type": (
        "cloudwatch-composite-alarm", {"AlarmName": "a"}, {},
        ("cloudwatch", "DisableAlarmActions"), {"AlarmNames": ["a"]},
    ),
    "what it is in": (
        "cognito-idp-user-pool", {"UserPoolId": "p"}, {},
        ("cognito-idp", "AdminDisableUser"), {"UserPoolId": "p", "Username": "u"},
    ),
    "by what its create was told": (
        "cognito-idp-user", {"UserPoolId": "p", "Username": "u-1"}, {"Username": "we@x"},
        ("cognito-idp", "AdminDisableUser"), {"UserPoolId": "p", "Username": "We@x"},
    ),
    "by a part of its key": (
        "s3-object", {"Key": "k", "Bucket": "b", "VersionId": "v1"}, {},
        ("s3", "PutObjectAcl"), {"Bucket": "b", "Key": "k"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_what_is_the_runs_own_is_not_told(ledger: tuple[Book, Telling], name: str) -> None:
    type_, key, told, operation, parameters = OWN[name]
    owns(ledger[0], type_, key, **told)
    assert foreign(ledger[1], *operation, **parameters) == []
    other: dict[str, Any] = {
        at: [f"{value[0]}2"] if isinstance(value, list) else f"{value}2" for at, value in parameters.items()
    }
    assert len(foreign(ledger[1], *operation, **other)) == 1


def test_what_may_have_been_there_before_is_told(ledger: tuple[Book, Telling]) -> None:
    key = {"UserPoolId": "p", "Username": "u"}
    owns(ledger[0], "cognito-idp-user", key, existed="unknown")
    assert foreign(ledger[1], "cognito-idp", "AdminDisableUser", **key) == ["cognito-idp-user"]
