"""Faults are set for emulators only, and leave nothing of themselves behind."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest

from sandgate.errors import UsageError
from sandgate.faults.active import Active
from sandgate.faults.own import OWN
from sandgate.gate.fault_desk import FaultDesk
from sandgate.tiers._model import AwsFacts

RULE = {"fault": "fail", "service": "dynamodb", "operation": "GetItem", "said": {"code": "Odd"}}
GET = ("DynamoDB_20120810.GetItem", {"TableName": "test-t", "Key": {"id": {"S": "1"}}})
STRUCK, PASSED = 400, 200


def _ask(gate: Any, step: str, **more: Any) -> Any:
    return asyncio.run(FaultDesk(gate.parts).answer({"step": step, "test": "t", "worker": "main", **more}))


def test_a_fault_is_there_while_its_test_is(gate: Any) -> None:
    gate.parts.tests["main"] = "t"
    assert gate.parts.faults is None
    made = _ask(gate, "set", **RULE)["id"]
    assert [gate.send(gate.json(*GET)).status for _ in range(2)] == [STRUCK, PASSED]
    assert len(gate.upstream.visits) == 1
    assert _ask(gate, "struck") == {"rules": {str(made): 1}}
    assert _ask(gate, "end") == {"rules": {str(made): 1}}
    assert gate.parts.faults is None
    assert _ask(gate, "end") == _ask(gate, "struck") == {"rules": {}}


def test_it_ends_with_its_test_and_not_with_another(gate: Any) -> None:
    gate.parts.tests["main"] = "t"
    _ask(gate, "set", **{**RULE, "times": None})
    _ask(gate, "end", test="u")
    assert gate.send(gate.json(*GET)).status == STRUCK
    _ask(gate, "end")
    assert gate.send(gate.json(*GET)).status == PASSED


def test_what_a_fixture_asks_is_not_struck(gate: Any) -> None:
    gate.parts.tests["main"] = "t"
    _ask(gate, "set", **RULE)
    own = gate.json(*GET).replace(b"\r\n\r\n", f"\r\nUser-Agent: Boto3/1 {OWN}\r\n\r\n".encode(), 1)
    assert gate.send(own).status == PASSED
    assert gate.send(gate.json(*GET)).status == STRUCK


def test_never_before_a_real_account(gate: Any) -> None:
    gate.upstream.aws = AwsFacts(
        partition="aws", trust=ssl.create_default_context(), evidence={}, clock=lambda: datetime.now(UTC)
    )
    with pytest.raises(UsageError, match="calls end at AWS itself"):
        _ask(gate, "set", **RULE)
    assert gate.parts.faults is None


def test_where_a_timing_runs_the_last_fault_leaves_it_alone(gate: Any) -> None:
    timing: Any = object()
    gate.parts.faults = running = Active([(timing, timing)])
    _ask(gate, "set", **RULE)
    _ask(gate, "end")
    assert gate.parts.faults is running


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ({"service": "dynamo"}, "did you mean 'dynamodb'"),
        ({"operation": "GetItems"}, "did you mean 'GetItem'"),
        ({"service": "execute-api", "operation": "Invok"}, "did you mean 'Invoke'"),
    ],
)
def test_what_does_not_exist_is_told(gate: Any, more: dict[str, str], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        _ask(gate, "set", **{**RULE, **more})
    assert hint in caught.value.hint


def test_requests_to_an_api_are_struck_too(gate: Any) -> None:
    gate.parts.tests["main"] = "t"
    _ask(gate, "set", fault="fail", service="execute-api", operation="Invoke", said={"status": 503})
    request = gate.raw("GET", "/_aws/execute-api/a1b2c3/Prod/users", {})
    answers = [gate.send(request) for _ in range(2)]
    assert [answer.status for answer in answers] == [503, PASSED]
    assert answers[0].body.startswith(b"ServiceUnavailable: ")
