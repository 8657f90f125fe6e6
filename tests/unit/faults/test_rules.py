"""Which calls a fault strikes."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from sandgate.core.call import Call, Principal, ResourceRef
from sandgate.faults.rules import Rules, is_tests_own

TABLE = ResourceRef(type="AWS::DynamoDB::Table", name="test-t", arn="arn:aws:dynamodb:eu-west-1:1:table/test-t")
Kind = Literal["identity", "deployer", "surrogate", "function", "anonymous"]


def _call(operation: str = "PutItem", *, test: str = "t", worker: str = "main", kind: Kind = "identity") -> Call:
    principal = Principal(kind=kind, name=worker, worker=worker)
    return Call(id="1", service="dynamodb", operation=operation, principal=principal, test_id=test, resources=(TABLE,))


def _rule(**more: Any) -> dict[str, Any]:
    return {"fault": "throttle", "service": "dynamodb", "test": "t", "worker": "main", **more}


def _struck(rules: Rules, calls: int, **call: Any) -> list[bool]:
    return [rules.strike(_call(**call), "json") is not None for _ in range(calls)]


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        pytest.param({}, [True, False, False, False], id="the first"),
        pytest.param({"nth": 2}, [False, True, False, False], id="the second"),
        pytest.param({"nth": 2, "times": 2}, [False, True, True, False], id="the second and third"),
        pytest.param({"times": None}, [True, True, True, True], id="every one"),
        pytest.param({"nth": 3, "times": None}, [False, False, True, True], id="every one from the third on"),
        pytest.param({"operation": "PutItem", "resource": "test-t"}, [True, False, False, False], id="by name"),
        pytest.param({"resource": TABLE.arn}, [True, False, False, False], id="by ARN"),
        pytest.param({"operation": "GetItem", "times": None}, [False] * 4, id="another operation"),
        pytest.param({"service": "sqs", "times": None}, [False] * 4, id="another service"),
        pytest.param({"resource": "test-u", "times": None}, [False] * 4, id="another resource"),
        pytest.param({"resource": "test", "times": None}, [False] * 4, id="part of a name"),
        pytest.param({"test": "u", "times": None}, [False] * 4, id="another test"),
        pytest.param({"worker": "gw1", "times": None}, [False] * 4, id="another worker"),
    ],
)
def test_it_strikes_the_calls_that_are_meant(rule: dict[str, Any], struck: list[bool]) -> None:
    rules = Rules()
    rules.add(_rule(**rule))
    assert _struck(rules, 4) == struck


def test_calls_that_do_not_match_are_not_counted() -> None:
    rules = Rules()
    rules.add(_rule(operation="PutItem", nth=2))
    assert _struck(rules, 3, operation="GetItem") == [False] * 3
    assert _struck(rules, 2) == [False, True]


def test_of_two_that_are_due_the_first_one_strikes() -> None:
    rules = Rules()
    first, second = rules.add(_rule(nth=2)), rules.add(_rule(fault="cut", times=None))
    struck = [rules.strike(_call(), "json") for _ in range(3)]
    assert [one and one[1].fault for one in struck] == ["cut", "throttle", "cut"]
    assert (first.struck, second.struck) == (1, 2)


def test_what_a_test_has_set_ends_with_it_and_nothing_else_does() -> None:
    rules = Rules()
    mine, other = rules.add(_rule(times=None)), rules.add(_rule(test="u", times=None))
    assert _struck(rules, 2) == [True, True]
    assert [(rule.id, rule.struck) for rule in rules.end("t", "main")] == [(mine.id, 2)]
    assert mine.ended.is_set()
    assert not other.ended.is_set()
    assert _struck(rules, 1) == [False]
    assert _struck(rules, 1, test="u") == [True]
    assert rules
    rules.end("u", "main")
    assert not rules


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"test": ""}, "belongs to a test"),
        ({"nth": 0}, "from 1 on"),
        ({"nth": True}, "from 1 on"),
        ({"times": 0}, "from 1 on"),
        ({"times": 1.5}, "from 1 on"),
        ({"fault": "fail", "said": {"status": 200}}, "400 to 599"),
        ({"fault": "fail", "said": {"status": 404}}, "needs a code"),
        ({"fault": "fail", "said": {"code": "no code"}}, "name of an error"),
        ({"fault": "delay", "said": {"seconds": 0}}, "more than 0"),
        ({"fault": "delay", "said": {"seconds": 901}}, "at most 900"),
        ({"fault": "cut", "said": {"when": "never"}}, "'before' or 'after'"),
    ],
)
def test_what_could_never_strike_is_refused_at_once(rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Rules().add(_rule(**rule))


@pytest.mark.parametrize(
    ("kind", "worker", "own"),
    [
        ("identity", "main", True),
        ("surrogate", "main", True),
        ("function", "main", True),
        ("anonymous", "gw1", True),
        ("deployer", "main", False),
        ("deployer", "sweep", False),
        ("identity", "sweep", False),
    ],
)
def test_calls_of_sandgate_itself_are_not_the_tests(kind: Kind, worker: str, own: bool) -> None:
    assert is_tests_own(_call(kind=kind, worker=worker)) is own
