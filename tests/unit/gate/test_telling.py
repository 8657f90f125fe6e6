"""What a call leaves that nobody can take out again."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import botocore.session
import pytest

from sandgate.core.call import Call, Principal
from sandgate.core.paths import every
from sandgate.gate.telling import left_by
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
    wanted = [("unnamed", "dynamodb-table", {"TableName": name}) for name in tables]
    assert left("dynamodb", "ExecuteStatement", Statement=statement) == wanted
    twice = [{"Statement": statement}, {"Statement": statement}]
    assert left("dynamodb", "BatchExecuteStatement", Statements=twice) == wanted
    assert left("dynamodb", "ExecuteTransaction", TransactStatements=twice) == wanted
